"""The same booking is cancelled many times at once, or while it is being deleted."""

from threading import Barrier

import pytest

from app.errors import BookingNotFound
from app.services import bookings, events
from tests.support import naive
from tests.support.sums import assert_seats_add_up, seats_left
from tests.support.threads import at_once


def test_the_naive_way_returns_the_seats_many_times(url, make_event, make_booking, sql):
    event, together = make_event(capacity=100), Barrier(10)
    booking, _other = make_booking(event, seats=2), make_booking(event, seats=60)
    assert at_once([lambda: naive.cancel(url, booking, together)] * 10) == [None] * 10
    assert seats_left(sql, event) == 38 + 10 * 2
    with pytest.raises(AssertionError, match="58 left"):
        assert_seats_add_up(sql)


def test_fifty_cancellations_at_once_return_the_seats_once(
    race, desk, make_event, make_booking, sql, invariants
):
    event = make_event(capacity=100)
    booking, _other = make_booking(event, seats=2), make_booking(event, seats=60)
    answers = race([(bookings.cancel, (desk, booking.id), {})] * 50)
    assert [answer.status for answer in answers] == ["CANCELLED"] * 50
    assert seats_left(sql, event) == 40


def test_fifty_give_back_the_same_seats_at_once_and_they_return_once(
    race, desk, make_event, make_booking, sql, invariants
):
    event = make_event(capacity=100)
    booking = make_booking(event, seats=5)
    answers = race([(bookings.cancel, (desk, booking.id), {"keep": 2})] * 50)
    assert {answer.seats for answer in answers} == {2}
    assert seats_left(sql, event) == 98
    assert sql("SELECT seats, status FROM bookings ORDER BY id") == [
        (2, "CONFIRMED"),
        (3, "CANCELLED"),
    ]


def test_the_user_and_the_organiser_cancel_at_once_and_the_seats_return_once(
    race, desk, make_user, make_event, make_booking, sql, invariants
):
    event, user = make_event(capacity=100), make_user()
    make_booking(event, seats=60)
    taken = [make_booking(event, user) for _ in range(10)]
    race(
        (bookings.cancel, (desk, booking.id), {"by_user": by})
        for booking in taken
        for by in (user.id, None)
    )
    assert seats_left(sql, event) == 40


def test_a_cancellation_and_a_deletion_at_once_return_the_seats_once(
    race, desk, make_event, make_booking, sql, invariants
):
    events_here = [make_event() for _ in range(10)]
    taken = [make_booking(event, seats=3) for event in events_here]
    cancels = [(bookings.cancel, (desk, booking.id), {}) for booking in taken]
    deletions = [(events.delete_event, (event.id, desk), {"force": True}) for event in events_here]
    answers = race([*cancels, *deletions])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert [seats_left(sql, event) for event in events_here] == [5] * 10
    assert {answer.status for answer in answers[:10]} == {"CANCELLED"}


def test_a_strangers_cancellations_change_nothing(
    race, desk, make_user, make_event, make_booking, sql, invariants
):
    event, stranger = make_event(), make_user()
    booking = make_booking(event)
    answers = race([(bookings.cancel, (desk, booking.id), {"by_user": stranger.id})] * 10)
    assert {type(answer) for answer in answers} == {BookingNotFound}
    assert seats_left(sql, event) == 4
