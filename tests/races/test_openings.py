"""What is judged by a moment is recorded as of that moment, by the same clock."""

import time
from datetime import timedelta

import psycopg

from app.errors import SalesClosed
from app.models.columns import now
from app.services import bookings
from tests.support.servers import wait_until
from tests.support.threads import at_once, in_app

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
SOONEST = "SELECT min(created_at), max(created_at) FROM bookings"


def book_until(desk, user, event, until):
    """Over and over; how many bookings were made."""
    made = 0
    while now() < until:
        try:
            bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)
        except SalesClosed:
            continue
        made += 1
    return made


def test_no_booking_was_made_before_the_opening_that_it_raced(
    app, desk, make_user, make_event, sql
):
    opening = now() + timedelta(seconds=0.5)
    event = make_event(capacity=100_000, sales_open_at=opening)
    until, users = opening + timedelta(seconds=0.5), [make_user() for _ in range(16)]
    made = at_once(in_app(app, book_until, desk, user, event, until) for user in users)
    assert sum(made) > 0
    assert sql(SOONEST)[0][0] >= opening


def test_a_booking_that_waited_for_the_row_until_the_opening_was_made_after_it(
    app, desk, url, make_user, make_event, sql
):
    """Its transaction had begun before."""
    opening, user = now() + timedelta(seconds=0.5), make_user()
    event = make_event(sales_open_at=opening)
    facts = {"user_id": user.id, "event_id": event.id, "seats": 1}

    def hold_until_the_opening():
        with psycopg.connect(url) as other:
            other.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", [event.id])
            held.append(True)
            wait_until(lambda: sql(WAITING) != [(0,)])
            time.sleep(max(0, (opening - now()).total_seconds()) + 0.05)

    def book():
        wait_until(lambda: held)
        return in_app(app, bookings.book, desk, **facts)()

    held = []
    answers = at_once([hold_until_the_opening, book])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    (first, last) = sql(SOONEST)[0]
    assert opening <= first == last <= now()


def test_seats_are_given_back_at_one_moment(app, desk, make_user, make_event, make_booking, sql):
    """A part's record and the deadline are of the same moment: never after the deadline."""
    deadline = now() + timedelta(seconds=1)
    event, user = make_event(capacity=1000, cancel_until=deadline), make_user()
    booking = make_booking(event, user=user, seats=900)

    def give_back():
        for keep in range(899, 0, -1):
            bookings.cancel(desk, booking.id, keep=keep)

    in_app(app, lambda: _until_refused(give_back))()
    ((latest, parts),) = sql("SELECT max(cancelled_at), count(*) FROM bookings WHERE part_of > 0")
    assert parts > 0
    assert latest < deadline


def _until_refused(work):
    from app.errors import CancellationClosed

    try:
        work()
    except CancellationClosed:
        return
