"""The last seats, sold at several doors at once and to buyers at the same moment."""

from threading import Barrier
from uuid import uuid4

import pytest

from app.booking.orders import Booked
from app.booking.walk_ins import WalkIn
from app.errors import NotEnoughSeats
from app.models import Booking
from app.services import audit, bookings, walk_ins
from tests.support import naive
from tests.support.sums import assert_seats_add_up, seats_left, seats_sold
from tests.support.threads import at_once

DOORS, BUYERS, ROUNDS = 6, 6, 4


def walk_in(desk, event, ident=None, seats=1):
    audit.act_as("Asha")
    return walk_ins.admit(desk, event.id, WalkIn(ident or uuid4(), seats))


def test_the_last_seat_is_sold_once_at_two_doors_and_to_buyers(
    race, desk, make_event, make_user, sql, invariants
):
    user = make_user()
    for _ in range(ROUNDS):
        event = make_event(capacity=1)
        order = {"user_id": user.id, "event_id": event.id, "seats": 1}
        calls = [(walk_in, (desk, event), {})] * DOORS + [(bookings.book, (desk,), order)] * BUYERS
        answers = race(calls)
        assert sum(isinstance(answer, Booked | Booking) for answer in answers) == 1
        assert sum(isinstance(answer, NotEnoughSeats) for answer in answers) == DOORS + BUYERS - 1
        assert (seats_left(sql, event), seats_sold(sql, event)) == (0, 1)


def test_doors_and_buyers_share_what_there_is(
    race, desk, make_event, make_hold, make_user, sql, invariants
):
    event, user = make_event(capacity=20), make_user()
    make_hold(event, "Door", seats=3)
    order = {"user_id": user.id, "event_id": event.id, "seats": 2}
    calls = [(walk_in, (desk, event), {"seats": 2}), (bookings.book, (desk,), order)] * 8
    answers = race(calls)
    assert not [a for a in answers if not isinstance(a, Booked | Booking | NotEnoughSeats)]
    sold = 2 * sum(isinstance(answer, Booked | Booking) for answer in answers)
    assert seats_sold(sql, event) == sold
    assert sold >= 18
    assert sql("SELECT count(*) FROM admissions") == [
        (2 * sum(isinstance(answer, Booking) for answer in answers),)
    ]


def test_a_double_tap_sent_many_times_is_one_booking(race, desk, make_event, sql, invariants):
    event, ident = make_event(capacity=20), uuid4()
    answers = race([(walk_in, (desk, event, ident), {"seats": 2})] * 8)
    assert len({answer.id for answer in answers}) == 1
    assert seats_left(sql, event) == 18
    assert sql("SELECT count(*) FROM check_ins") == [(1,)]


def test_the_first_walk_ins_of_several_events_are_of_one_user(race, desk, make_event, sql):
    events = [make_event() for _ in range(DOORS)]
    answers = race([(walk_in, (desk, event), {}) for event in events])
    assert len({answer.user_id for answer in answers}) == 1
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_an_undo_beside_sales_loses_no_seat(race, desk, make_event, sql, invariants):
    for _ in range(ROUNDS):
        event, ident = make_event(capacity=2), uuid4()
        race([(walk_in, (desk, event, ident), {"seats": 2})])
        undo = (walk_ins.undo, (desk, event.id, ident), {"undo_id": uuid4()})
        answers = race([undo, *[(walk_in, (desk, event), {})] * 4, undo])
        sold = sum(isinstance(answer, Booking) and answer.takes_seats for answer in answers)
        assert seats_left(sql, event) == 2 - sold
        assert sql("SELECT count(*) FROM admissions WHERE event_id = %s", event.id) == [(sold,)]


def test_the_naive_way_sells_the_last_seat_at_every_door(url, make_event, make_user, sql):
    """The control: each looks how many are left, and books by what it saw."""
    event, user, together = make_event(capacity=1), make_user(), Barrier(DOORS)
    works = [lambda: naive.book(url, user, event, together)] * DOORS
    assert at_once(works) == ["booked"] * DOORS
    with pytest.raises(AssertionError, match=f"{DOORS} sold of 1"):
        assert_seats_add_up(sql)
