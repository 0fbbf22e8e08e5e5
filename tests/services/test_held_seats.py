"""Seats that the organiser holds back, and releases in portions."""

import pytest

from app.booking.orders import Booked
from app.errors import CapacityBelowSold, InvalidField, NotEnoughSeats, VersionConflict
from app.services import bookings, events
from tests.support.sums import seats_left
from tests.support.threads import at_once, in_app

pytestmark = pytest.mark.usefixtures("invariants")


def book(desk, user, event, seats):
    return bookings.book(desk, user_id=user.id, event_id=event.id, seats=seats)


def test_seats_held_back_cannot_be_bought_until_they_are_released(desk, make_event, make_user):
    event, user = make_event(capacity=10), make_user()
    events.hold_seats(event.id, 8, desk, seen=0)
    with pytest.raises(NotEnoughSeats) as refusal:
        book(desk, user, event, 3)
    assert refusal.value.left == 2
    events.hold_seats(event.id, 5, desk, seen=8)
    assert book(desk, user, event, 3).booking.seats == 3


def test_the_same_click_twice_holds_back_once(desk, make_event):
    event = make_event(capacity=10)
    assert events.hold_seats(event.id, 4, desk, seen=0).seats_available == 6
    with pytest.raises(VersionConflict):
        events.hold_seats(event.id, 4, desk, seen=0)
    assert events.get_event(event.id).seats_held == 4


def test_no_more_can_be_held_back_than_are_not_sold(desk, make_event, make_booking, sql):
    event = make_event(capacity=10)
    make_booking(event, seats=7)
    with pytest.raises(InvalidField, match="at most 3"):
        events.hold_seats(event.id, 4, desk, seen=0)
    assert sql("SELECT seats_available, seats_held FROM events") == [(3, 0)]


def test_a_capacity_leaves_room_for_what_is_sold_and_held_back(desk, make_event, make_booking):
    event = make_event(capacity=10)
    make_booking(event, seats=4)
    events.hold_seats(event.id, 5, desk, seen=0)
    with pytest.raises(CapacityBelowSold) as refusal:
        events.update_event(event.id, {"capacity": 8}, desk)
    assert (refusal.value.sold, refusal.value.held) == (4, 5)
    changed = events.update_event(event.id, {"capacity": 8, "seats_held": 1}, desk)
    assert (changed.seats_available, changed.seats_held) == (3, 1)


def test_an_event_may_begin_with_seats_held_back(desk, make_event):
    plain = make_event()
    facts = {"name": "Kolam", "start_at": plain.start_at, "capacity": 50, "seats_held": 20}
    assert events.create_event(facts, desk).seats_available == 30
    with pytest.raises(InvalidField, match="at most 50"):
        events.create_event({**facts, "seats_held": 51}, desk)


def test_what_a_cancellation_gives_back_is_on_sale_and_not_held(desk, make_event, make_booking):
    event = make_event(capacity=10)
    booking = make_booking(event, seats=6)
    events.hold_seats(event.id, 4, desk, seen=0)
    bookings.cancel(desk, booking.id)
    found = events.get_event(event.id)
    assert (found.seats_available, found.seats_held, found.seats_sold) == (6, 4, 0)


def test_a_deleted_event_holds_nothing_back(desk, make_event, sql):
    event = make_event(capacity=10)
    events.hold_seats(event.id, 4, desk, seen=0)
    events.delete_event(event.id, desk)
    assert sql("SELECT seats_available, seats_held FROM events") == [(10, 0)]


def test_holding_back_and_releasing_under_load_strands_no_seat(
    app, desk, make_event, make_user, sql
):
    event = make_event(capacity=60)
    users = [make_user() for _ in range(40)]

    buys = [in_app(app, book, desk, user, event, 1) for user in users]
    holds = [
        in_app(app, events.update_event, event.id, {"seats_held": seats}, desk)
        for seats in (20, 5, 11, 20, 3)
    ]
    answers = at_once(holds[:2] + buys + holds[2:])
    sold = sum(isinstance(answer, Booked) for answer in answers)
    assert sold == len(users)
    assert seats_left(sql, event) == 60 - sold - events.get_event(event.id).seats_held
