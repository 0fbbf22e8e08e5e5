"""Booking seats: what is granted, what is refused, and what a repeated request answers."""

from datetime import timedelta

import pytest

from app.booking.orders import Booked, Order
from app.errors import (
    EventNotFound,
    IdempotencyKeyReused,
    NotEnoughSeats,
    OverPersonLimit,
    SalesClosed,
    UserNotFound,
)
from app.models.columns import now
from app.services import bookings, events
from tests.support.sums import seats_left, seats_sold

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)
NOBODY = 999


@pytest.fixture
def book(desk):
    def book(user, event, seats=1, key=None):
        return bookings.book(
            desk, user_id=user.id, event_id=event.id, seats=seats, idempotency_key=key
        )

    return book


def test_a_booking_takes_its_seats(book, make_user, make_event, sql):
    user, event = make_user(), make_event(capacity=5, price_minor=50000)
    booked = book(user, event, seats=2)
    assert not booked.replayed
    assert (booked.booking.status, booked.booking.seats) == ("CONFIRMED", 2)
    assert booked.booking.price_minor == 50000
    assert seats_left(sql, event) == 3


def test_a_booking_makes_the_event_one_version_newer(book, make_user, make_event, sql):
    event = make_event()
    book(make_user(), event)
    assert sql("SELECT version FROM events") == [(event.version + 1,)]


def test_the_last_seats_are_sold_and_not_one_more(book, make_user, make_event, sql):
    user, event = make_user(), make_event(capacity=3)
    book(user, event, seats=3)
    with pytest.raises(NotEnoughSeats) as refusal:
        book(user, event)
    assert (refusal.value.asked, refusal.value.left) == (1, 0)
    assert seats_sold(sql, event) == 3


def test_two_seats_are_refused_when_one_remains_and_the_one_is_still_sold(
    book, make_user, make_event, sql
):
    user, event = make_user(), make_event(capacity=1)
    with pytest.raises(NotEnoughSeats) as refusal:
        book(user, event, seats=2)
    assert (refusal.value.asked, refusal.value.left) == (2, 1)
    book(user, event)
    assert seats_left(sql, event) == 0


def test_a_repeated_key_answers_the_first_booking(book, make_user, make_event, sql):
    user, event = make_user(), make_event()
    first = book(user, event, key="k-1")
    again = book(user, event, key="k-1")
    assert again.replayed
    assert again.booking.id == first.booking.id
    assert seats_sold(sql, event) == 1


def test_a_repeated_key_answers_though_the_event_is_sold_out_since(book, make_user, make_event):
    user, event = make_user(), make_event(capacity=1)
    first = book(user, event, key="k-1")
    for _ in range(2):
        assert book(user, event, key="k-1").booking.id == first.booking.id


def test_a_repeated_key_answers_though_the_event_is_deleted_since(
    book, make_user, make_event, desk
):
    user, event = make_user(), make_event()
    first = book(user, event, key="k-1")
    events.delete_event(event.id, desk, force=True)
    assert book(user, event, key="k-1").booking.id == first.booking.id


def test_a_repeated_key_answers_though_sales_have_closed_since(book, make_user, make_event, desk):
    user, event = make_user(), make_event(max_per_person=1)
    first = book(user, event, key="k-1")
    events.update_event(event.id, {"sales_close_at": now() - DAY}, desk)
    assert book(user, event, key="k-1").booking.id == first.booking.id


def test_a_key_is_refused_for_another_wish(book, make_user, make_event, sql):
    user, event, other = make_user(), make_event(), make_event()
    book(user, event, seats=1, key="k-1")
    with pytest.raises(IdempotencyKeyReused):
        book(user, event, seats=2, key="k-1")
    with pytest.raises(IdempotencyKeyReused):
        book(user, other, seats=1, key="k-1")
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_the_key_of_another_user_replays_nothing(book, make_user, make_event):
    event = make_event()
    first = book(make_user(), event, key="k-1")
    second = book(make_user(), event, key="k-1")
    assert not second.replayed
    assert second.booking.id != first.booking.id


def test_a_key_that_met_a_refusal_may_book_later(book, make_user, make_event, desk):
    user, event = make_user(), make_event(capacity=1)
    other = book(make_user(), event)
    with pytest.raises(NotEnoughSeats):
        book(user, event, key="k-1")
    bookings.cancel(desk, other.booking.id)
    assert not book(user, event, key="k-1").replayed


def test_bookings_without_a_key_are_never_taken_for_one_another(book, make_user, make_event, sql):
    user, event = make_user(), make_event()
    assert book(user, event).booking.id != book(user, event).booking.id
    assert seats_sold(sql, event) == 2


def test_the_limit_per_person_counts_what_is_held_already(book, make_user, make_event):
    user, event = make_user(), make_event(capacity=50, max_per_person=3)
    book(user, event, seats=2)
    with pytest.raises(OverPersonLimit) as refusal:
        book(user, event, seats=2)
    assert (refusal.value.limit, refusal.value.held, refusal.value.asked) == (3, 2, 2)
    book(user, event, seats=1)


def test_the_limit_per_person_is_each_persons_own(book, make_user, make_event):
    event = make_event(max_per_person=1)
    book(make_user(), event)
    book(make_user(), event)


def test_a_cancelled_booking_no_longer_counts_against_the_limit(book, make_user, make_event, desk):
    user, event = make_user(), make_event(max_per_person=1)
    bookings.cancel(desk, book(user, event).booking.id)
    book(user, event)


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        ("not_open", lambda at: {"sales_open_at": at + DAY}),
        ("closed", lambda at: {"sales_close_at": at - DAY}),
        ("paused", lambda at: {"sales_paused": True}),
        ("ended", lambda at: {"start_at": at - DAY}),
        ("cancelled", lambda _: {"status": "cancelled"}),
    ],
)
def test_an_event_that_sells_nothing_says_why(book, make_user, make_event, state, facts):
    event = make_event(**facts(now()))
    with pytest.raises(SalesClosed) as refusal:
        book(make_user(), event)
    assert refusal.value.state == state


def test_a_draft_is_as_unknown_as_no_event(book, make_user, make_event):
    with pytest.raises(EventNotFound):
        book(make_user(), make_event(status="draft"))


def test_a_deleted_event_is_unknown(book, make_user, make_event):
    with pytest.raises(EventNotFound):
        book(make_user(), make_event(deleted_at=now()))


def test_an_unknown_event_is_named_in_the_refusal(desk, make_user):
    with pytest.raises(EventNotFound) as refusal:
        bookings.book(desk, user_id=make_user().id, event_id=NOBODY, seats=1)
    assert refusal.value.ident == NOBODY


def test_an_unknown_user_takes_no_seat(desk, make_event, sql):
    event = make_event()
    with pytest.raises(UserNotFound) as refusal:
        bookings.book(desk, user_id=NOBODY, event_id=event.id, seats=1)
    assert refusal.value.ident == NOBODY
    assert seats_left(sql, event) == 5


def test_one_bad_order_does_no_harm_to_its_neighbours(desk, make_user, make_event, sql):
    user, event, limited = make_user(), make_event(), make_event(max_per_person=1)
    wishes = [
        (user.id, event.id, 1, Booked),
        (NOBODY, event.id, 1, UserNotFound),
        (user.id, NOBODY, 1, EventNotFound),
        (user.id, event.id, 900, NotEnoughSeats),
        (user.id, limited.id, 2, OverPersonLimit),
        (user.id, limited.id, 1, Booked),
        (user.id, event.id, 4, Booked),
        (user.id, event.id, 1, NotEnoughSeats),
    ]
    outcomes = desk.settle([Order(*wish[:3]) for wish in wishes])
    assert [type(outcome) for outcome in outcomes] == [wish[3] for wish in wishes]
    assert (seats_sold(sql, event), seats_sold(sql, limited)) == (5, 1)


def test_one_key_twice_in_a_batch_makes_one_booking(desk, make_user, make_event, sql):
    user, event = make_user(), make_event()
    first, again, other = desk.settle(
        [Order(user.id, event.id, 1, "k-1", mark) for mark in ("same", "same", "other")]
    )
    assert first.booking.id == again.booking.id
    assert (first.replayed, again.replayed) == (False, True)
    assert isinstance(other, IdempotencyKeyReused)
    assert seats_sold(sql, event) == 1


def test_the_limit_per_person_holds_within_a_batch(desk, make_user, make_event):
    user, event = make_user(), make_event(max_per_person=2)
    outcomes = desk.settle([Order(user.id, event.id, 1) for _ in range(3)])
    assert [type(outcome) for outcome in outcomes] == [Booked, Booked, OverPersonLimit]
