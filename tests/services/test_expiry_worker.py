"""`flask worker` puts seats on sale again that were reserved and not paid in time."""

from threading import Event as Signal
from threading import Thread

import httpx
import psycopg
import pytest

from app.services import bookings, expiry_worker
from tests.support.mail_worker import MailWorker
from tests.support.servers import libpq, wait_until
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def reserved(make_event, desk, make_user, app, sql):
    """Make an event whose only seat is reserved, until some seconds from now."""

    def make(seconds=-1):
        event = make_event(capacity=1, price_minor=100, payment_minutes=1)
        with app.app_context():
            facts = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
            booking = bookings.book(desk, **facts).booking
        sql(
            "UPDATE bookings SET reserved_until = now() + make_interval(secs => %s) WHERE id = %s",
            *(seconds, booking.id),
        )
        sql(
            "UPDATE events SET next_expiry_at = (SELECT min(reserved_until) FROM bookings b"
            " WHERE b.event_id = events.id)"
        )
        return event

    return make


def look(app):
    with app.app_context():
        return expiry_worker.look(app)


def test_what_is_due_is_ended_and_what_is_not_is_left(app, reserved, sql):
    due, to_come = reserved(-1), reserved(60)
    assert look(app)
    assert (seats_left(sql, due), seats_left(sql, to_come)) == (1, 0)


def test_an_event_that_somebody_holds_keeps_no_other_s_seats(app, reserved, sql, postgres_url):
    held, other = reserved(-2), reserved(-1)
    with psycopg.connect(libpq(postgres_url)) as holder:
        holder.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", [held.id])
        assert not look(app)
        assert seats_left(sql, other) == 1
    assert seats_left(sql, held) == 0
    assert look(app)
    assert seats_left(sql, held) == 1


def test_two_workers_give_seats_back_once(app, reserved, sql, desk):
    events = [reserved() for _ in range(6)]
    both = [Thread(target=look, args=(app,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert [seats_left(sql, event) for event in events] == [1] * 6


def test_it_ends_when_it_is_told_to(app):
    stopping = Signal()
    thread = Thread(target=expiry_worker.run, args=(app, stopping))
    thread.start()
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.long
def test_a_page_shows_the_seat_within_a_second_of_the_reservation_s_end(
    running_site, site, reserved, sql
):
    """By a worker that sends no letters, for want of a mail server."""
    with MailWorker(running_site):
        # The worker has begun.
        first = reserved(-1)
        wait_until(lambda: seats_left(sql, first) == 1, 20)
        event = reserved(1.5)

        def page_says_sold_out():
            page = f"{site}/events/{event.id}"
            wanted = {"Accept": "text/html"}
            return "Sold out" in httpx.get(page, headers=wanted, follow_redirects=True).text

        assert page_says_sold_out()
        ((ends,),) = sql("SELECT reserved_until FROM bookings WHERE event_id = %s", event.id)
        wait_until(lambda: not page_says_sold_out(), 20)
        ((late,),) = sql("SELECT extract(epoch FROM now() - %s::timestamptz)", ends)
    assert late < 5  # A second, and time to look on a busy machine.
