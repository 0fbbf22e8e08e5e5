"""Cancelling a booking: its seats return once, until the organiser's deadline."""

from datetime import timedelta

import pytest

from app.errors import BookingNotFound, CancellationClosed, InvalidField
from app.models.columns import now
from app.services import bookings, events
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)


def test_some_of_the_seats_go_back_once_and_the_others_stay(desk, make_event, make_booking, sql):
    event = make_event(capacity=5)
    booking = make_booking(event, seats=4)
    for _ in range(3):
        kept = bookings.cancel(desk, booking.id, keep=1)
        assert (kept.status, kept.seats) == ("CONFIRMED", 1)
        assert seats_left(sql, event) == 4
    assert sql("SELECT seats, status, part_of FROM bookings ORDER BY id") == [
        (1, "CONFIRMED", None),
        (3, "CANCELLED", booking.id),
    ]


def test_a_booking_never_grows_by_keeping_more_than_it_has(desk, make_event, make_booking, sql):
    event = make_event(capacity=5)
    booking = make_booking(event, seats=2)
    with pytest.raises(InvalidField, match="fewer"):
        bookings.cancel(desk, booking.id, keep=3)
    assert seats_left(sql, event) == 3


def test_a_key_repeated_after_some_seats_went_back_answers_as_the_first_time(
    desk, make_event, make_user
):
    facts = {"user_id": make_user().id, "event_id": make_event(capacity=5).id, "seats": 3}
    first = bookings.book(desk, **facts, idempotency_key="a-key")
    bookings.cancel(desk, first.booking.id, keep=1)
    again = bookings.book(desk, **facts, idempotency_key="a-key")
    assert (again.booking, again.replayed) == (first.booking, True)


def test_a_cancelled_booking_returns_its_seats_once(desk, make_event, make_booking, sql):
    event = make_event(capacity=5)
    booking = make_booking(event, seats=3)
    for _ in range(3):
        assert bookings.cancel(desk, booking.id).status == "CANCELLED"
        assert seats_left(sql, event) == 5


def test_cancelling_again_keeps_the_moment_of_the_first_time(desk, make_event, make_booking):
    booking = make_booking(make_event())
    first = bookings.cancel(desk, booking.id).cancelled_at
    assert bookings.cancel(desk, booking.id).cancelled_at == first


def test_a_booking_cancelled_elsewhere_since_it_was_read_returns_nothing_again(
    app, desk, make_event, make_booking, sql
):
    event = make_event()
    booking = make_booking(event, seats=2)
    # What was read stays in the session, and grows stale there.
    read = bookings.get_booking(booking.id)
    with app.app_context():
        bookings.cancel(desk, booking.id)
    assert read.takes_seats
    bookings.cancel(desk, booking.id)
    assert seats_left(sql, event) == 5


def test_a_cancellation_makes_the_event_one_version_newer_and_once_only(
    desk, make_event, make_booking, sql
):
    booking = make_booking(make_event())
    ((before,),) = sql("SELECT version FROM events")
    bookings.cancel(desk, booking.id)
    bookings.cancel(desk, booking.id)
    assert sql("SELECT version FROM events") == [(before + 1,)]


def test_the_seats_of_a_cancelled_booking_are_sold_again(desk, make_event, make_booking, make_user):
    event = make_event(capacity=1)
    bookings.cancel(desk, make_booking(event).id)
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1)


def test_the_booking_of_another_user_is_not_found(desk, make_event, make_booking, make_user, sql):
    event = make_event()
    booking = make_booking(event)
    with pytest.raises(BookingNotFound):
        bookings.cancel(desk, booking.id, by_user=make_user().id)
    assert seats_left(sql, event) == 4


def test_an_unknown_booking_is_not_found(desk):
    with pytest.raises(BookingNotFound):
        bookings.cancel(desk, 999)


@pytest.mark.parametrize("deadline", ["cancel_until", "start_at"])
def test_a_user_cancels_until_the_deadline_and_an_organiser_beyond_it(
    desk, make_event, make_booking, make_user, sql, deadline
):
    user, event = make_user(), make_event(**{deadline: now() - DAY})
    booking = make_booking(event, user)
    with pytest.raises(CancellationClosed):
        bookings.cancel(desk, booking.id, by_user=user.id)
    assert seats_left(sql, event) == 4
    assert bookings.cancel(desk, booking.id, organiser=True).status == "CANCELLED"


def test_a_booking_cancelled_in_time_stays_cancelled_when_asked_again_too_late(
    desk, make_event, make_booking, make_user
):
    user, event = make_user(), make_event()
    booking = make_booking(event, user)
    bookings.cancel(desk, booking.id, by_user=user.id)
    events.update_event(event.id, {"cancel_until": now() - DAY}, desk)
    assert bookings.cancel(desk, booking.id, by_user=user.id).status == "CANCELLED"


def test_a_booking_of_a_deleted_event_is_cancelled_already(desk, make_event, make_booking, sql):
    event = make_event()
    booking = make_booking(event)
    events.delete_event(event.id, desk, force=True)
    assert bookings.cancel(desk, booking.id, organiser=True).status == "CANCELLED"
    assert seats_left(sql, event) == 5


def test_only_an_organiser_cancels_past_the_deadline_whoever_is_trusted(
    desk, make_event, make_booking
):
    event = make_event(cancel_until=now() - timedelta(days=1))
    booking = make_booking(event)
    with pytest.raises(CancellationClosed):
        bookings.cancel(desk, booking.id)
    assert bookings.cancel(desk, booking.id, organiser=True).status == "CANCELLED"
