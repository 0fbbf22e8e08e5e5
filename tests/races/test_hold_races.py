"""Many issue seats from one hold at once, while others buy, and while it is released."""

from threading import Barrier

import pytest

from app.booking.issues import Issue
from app.booking.orders import Booked
from app.errors import HoldNotFound, NotEnoughHeld
from app.services import bookings, holds, issues
from tests.support import naive
from tests.support.sums import assert_seats_add_up, seats_left, seats_sold
from tests.support.threads import at_once


def issue(desk, hold, number, **facts):
    wanted = Issue(f"guest{number}@example.com", "", 1, hold_id=hold.id, free=True, **facts)
    return issues.issue(desk, hold.event_id, wanted)


def test_the_naive_way_issues_one_held_seat_to_many(url, make_event, make_hold, make_user, sql):
    event, together = make_event(capacity=10), Barrier(6)
    hold, users = make_hold(event, seats=1), [make_user() for _ in range(6)]
    works = [lambda user=user: naive.issue(url, user, hold, together) for user in users]
    assert at_once(works) == ["issued"] * 6
    with pytest.raises(AssertionError, match="6 sold of 10"):
        assert_seats_add_up(sql)


def test_many_at_one_hold_get_each_seat_once_while_others_buy(
    race, desk, make_event, make_hold, make_user, sql, invariants
):
    event, user = make_event(capacity=100), make_user()
    hold = make_hold(event, seats=10)
    order = {"user_id": user.id, "event_id": event.id, "seats": 2}
    calls = [(issue, (desk, hold, number), {}) for number in range(16)]
    answers = race(calls + [(bookings.book, (desk,), order)] * 16)
    assert sum(isinstance(answer, Booked) for answer in answers[:16]) == 10
    assert sum(isinstance(answer, NotEnoughHeld) for answer in answers) == 6
    assert (seats_left(sql, event), seats_sold(sql, event)) == (90 - 32, 10 + 32)
    assert sql("SELECT count(*) FROM users WHERE email LIKE 'guest%%'") == [(10,)]


def test_one_click_sent_many_times_issues_one_seat(
    race, desk, make_event, make_hold, sql, invariants
):
    hold = make_hold(make_event(capacity=20), seats=10)
    answers = race([(issue, (desk, hold, 1), {"idempotency_key": "one-click"})] * 12)
    assert len({answer.booking.id for answer in answers}) == 1
    assert sql("SELECT seats_left FROM holds") == [(9,)]


def test_a_hold_released_among_issues_loses_no_seat(
    race, desk, make_event, make_hold, sql, invariants
):
    event = make_event(capacity=20)
    hold = make_hold(event, seats=10)
    calls = [(issue, (desk, hold, number), {}) for number in range(8)]
    calls.insert(4, (holds.release_hold, (event.id, hold.id, desk), {}))
    answers = race(calls)
    issued = sum(isinstance(answer, Booked) for answer in answers)
    assert issued + sum(isinstance(answer, HoldNotFound) for answer in answers) == 8
    assert seats_left(sql, event) == 20 - issued


def test_many_who_add_holds_of_one_name_make_one(race, desk, make_event, sql, invariants):
    event = make_event(capacity=20)
    answers = race([(holds.add_hold, (event.id, "Band", 2, desk), {})] * 8)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert seats_left(sql, event) == 18
