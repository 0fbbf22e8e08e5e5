"""Two members of staff correct a booking's guest at once, or beside a cancellation."""

from collections import Counter

import pytest

from app.booking.desk import BookingDesk
from app.errors import BookingChanged, OverPersonLimit
from app.models import Booking, Event
from app.services import booking_guests, bookings, tickets
from app.services.booking_guests import GuestChange, change_guest
from tests.support.threads import at_once, in_app

ROUNDS = 10
WRONG = "asha@exmaple.com"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


def book(desk, event, email=WRONG, **facts):
    facts = {"event_id": event.id, "name": "Asha", "seats": 2, **facts}
    return bookings.book_as_guest(desk, email=email, **facts).booking


def correct_all_at_once(app, desk, booking_id, emails):
    desks = [BookingDesk(desk.gate) for _ in emails]
    return at_once(
        in_app(app, change_guest, each, booking_id, GuestChange(email=email, seen_email=WRONG))
        for each, email in zip(desks, emails, strict=True)
    )


EMAILS = [f"asha-{number}@example.com" for number in range(6)]


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def test_of_six_who_correct_one_guest_differently_one_does(app, desk, make_event, sql, invariants):
    event = make_event(capacity=100)
    for _ in range(ROUNDS):
        booking = book(desk, event)
        answers = correct_all_at_once(app, desk, booking.id, EMAILS)
        assert kinds(answers) == {Booking: 1, BookingChanged: 5}
        assert sql("SELECT address_version FROM bookings WHERE id = %s", booking.id) == [(1,)]


def test_without_the_lock_the_last_one_overwrites_the_others(monkeypatch, app, desk, make_event):
    def read(session, booking_id):
        return bookings.get_booking(booking_id)

    monkeypatch.setattr(booking_guests, "_locked", read)
    monkeypatch.setattr("app.booking.ledger.lock_events", unlocked)
    event = make_event(capacity=100)
    for _ in range(ROUNDS):
        answers = correct_all_at_once(app, desk, book(desk, event).id, EMAILS)
        if kinds(answers)[Booking] > 1:
            return
    raise AssertionError("the race was never lost: it shows nothing")


def unlocked(session, event_ids):
    return {id: session.get_one(Event, id) for id in event_ids}


def test_beside_a_cancellation_all_rows_are_one_persons(app, desk, make_event, sql, invariants):
    event = make_event(capacity=100)
    for _ in range(ROUNDS):
        booking = book(desk, event)
        change = GuestChange(email="asha@example.com")
        at_once(
            [
                in_app(app, change_guest, BookingDesk(desk.gate), booking.id, change),
                in_app(app, bookings.cancel, desk, booking.id, keep=1),
            ]
        )
        assert sql(
            "SELECT count(DISTINCT user_id), count(*) FROM bookings WHERE %s IN (id, part_of)",
            booking.id,
        ) == [(1, 2)]


def test_beside_a_replaced_address_both_count(app, desk, make_event, sql):
    event = make_event(capacity=100)
    for _ in range(ROUNDS):
        booking = book(desk, event)
        change = GuestChange(email="asha@example.com")
        at_once(
            [
                in_app(app, change_guest, desk, booking.id, change),
                in_app(app, tickets.replace_address, booking.id),
            ]
        )
        assert sql("SELECT address_version FROM bookings WHERE id = %s", booking.id) == [(2,)]


def test_nobody_gets_past_the_limit_by_a_correction(app, desk, make_event, sql, invariants):
    for _ in range(ROUNDS):
        event = make_event(capacity=20, max_per_person=3)
        booking = book(desk, event)
        answers = at_once(
            [
                in_app(
                    app,
                    change_guest,
                    BookingDesk(desk.gate),
                    booking.id,
                    GuestChange(email="asha@example.com"),
                ),
                in_app(app, book, desk, event, "asha@example.com"),
            ]
        )
        assert kinds(answers)[OverPersonLimit] == 1
