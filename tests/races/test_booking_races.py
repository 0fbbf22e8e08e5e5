"""Many people want the last seats at the same moment."""

from collections import Counter
from threading import Barrier

import psycopg
import pytest

from app.booking.orders import Booked, Order
from app.errors import NotEnoughSeats, OverPersonLimit
from app.services import bookings
from tests.support import naive
from tests.support.sums import assert_seats_add_up, seats_left, seats_sold
from tests.support.threads import at_once


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def booking_calls(desk, users, event, **facts):
    facts = {"event_id": event.id, "seats": 1, **facts}
    return [(bookings.book, (desk,), {"user_id": user.id, **facts}) for user in users]


def test_the_naive_way_oversells(url, make_user, make_event, sql):
    user, event, together = make_user(), make_event(capacity=5), Barrier(10)
    answers = at_once([lambda: naive.book(url, user, event, together)] * 10)
    assert answers == ["booked"] * 10
    assert seats_sold(sql, event) == 10
    with pytest.raises(AssertionError, match="4 left"):
        assert_seats_add_up(sql)


def test_fifty_people_and_five_seats_make_five_bookings(
    race, desk, make_user, make_event, sql, invariants
):
    event = make_event(capacity=5)
    answers = race(booking_calls(desk, [make_user() for _ in range(50)], event))
    assert kinds(answers) == {Booked: 5, NotEnoughSeats: 45}
    assert len({answer.booking.id for answer in answers if isinstance(answer, Booked)}) == 5
    assert (seats_sold(sql, event), seats_left(sql, event)) == (5, 0)


def test_groups_of_two_leave_the_odd_seat_for_somebody_alone(
    race, desk, make_user, make_event, sql, invariants
):
    event = make_event(capacity=7)
    users = [make_user() for _ in range(20)]
    answers = race(booking_calls(desk, users, event, seats=2))
    assert kinds(answers) == {Booked: 3, NotEnoughSeats: 17}
    (last,) = race(booking_calls(desk, users[:1], event))
    assert isinstance(last, Booked)
    assert seats_left(sql, event) == 0


def test_the_naive_way_meets_the_unique_index_instead_of_the_first_booking(
    url, make_user, make_event
):
    user, event, together = make_user(), make_event(), Barrier(10)
    answers = at_once([lambda: naive.book_once_by_key(url, user, event, "k-1", together)] * 10)
    assert kinds(answers) == {type(None): 1, psycopg.errors.UniqueViolation: 9}


def test_twenty_requests_with_one_key_make_one_booking_and_get_one_answer(
    race, desk, make_user, make_event, sql, invariants
):
    user, event = make_user(), make_event()
    answers = race(booking_calls(desk, [user] * 20, event, idempotency_key="k-1"))
    assert kinds(answers) == {Booked: 20}
    assert len({answer.booking.reference for answer in answers}) == 1
    assert sum(answer.replayed for answer in answers) == 19
    assert seats_sold(sql, event) == 1


def test_one_key_for_two_events_at_once_books_one_of_them(
    race, desk, make_user, make_event, sql, invariants
):
    user, events = make_user(), [make_event(), make_event()]
    calls = [
        booking_calls(desk, [user], events[i % 2], idempotency_key="k-1")[0] for i in range(10)
    ]
    answers = race(calls)
    made = {answer.booking.event_id for answer in answers if isinstance(answer, Booked)}
    assert len(made) == 1
    assert kinds(answers)[Booked] == 5
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_the_limit_per_person_holds_under_twenty_tabs(
    race, desk, make_user, make_event, sql, invariants
):
    user, event = make_user(), make_event(capacity=50, max_per_person=3)
    answers = race(booking_calls(desk, [user] * 20, event))
    assert kinds(answers) == {Booked: 3, OverPersonLimit: 17}
    assert seats_sold(sql, event) == 3


def test_the_naive_way_of_locking_two_events_deadlocks(url, make_event):
    first, second, together = make_event(), make_event(), Barrier(2)
    answers = at_once(
        [
            lambda: naive.lock_both(url, first, second, together),
            lambda: naive.lock_both(url, second, first, together),
        ]
    )
    assert kinds(answers)[psycopg.errors.DeadlockDetected] == 1


def test_batches_over_the_same_events_in_any_order_never_deadlock(
    race, desk, make_user, make_event, sql, invariants
):
    user, events = make_user(), [make_event(capacity=1000) for _ in range(4)]
    there = [Order(user.id, event.id, 1) for event in events]

    def settle_often(orders):
        fresh = [[Order(o.user_id, o.event_id, o.seats) for o in orders] for _ in range(10)]
        return [type(outcome) for batch in fresh for outcome in desk.settle(batch)]

    answers = race([(settle_often, (orders,), {}) for orders in [there, there[::-1]] * 4])
    assert answers == [[Booked] * 40] * 8
    assert [seats_sold(sql, event) for event in events] == [80] * 4
