"""Money of bookings that were paid and are cancelled: owed once, and never more than came."""

import pytest

from app.booking.orders import Item
from app.errors import InvalidField
from app.models import PaymentProvider
from app.services import (
    account_deletion,
    booking_ranges,
    bookings,
    events,
    gifts,
    payment_lists,
    payments,
    refunds,
)
from app.services.payment_figures import figures_of
from app.services.payments import Received

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.usefixtures("invariants", "asha")


@pytest.fixture
def event(make_event):
    return make_event(price_minor=25_000, payment_minutes=15, capacity=20)


@pytest.fixture
def paid(desk, event, make_user):
    """A booking that is paid, by a transfer of its own."""

    def paid(seats=3, of=event, amount=None, **facts):
        order = {"event_id": of.id, "seats": seats, **facts}
        order = {"user_id": make_user().id, **order}
        booking = bookings.book(desk, **order).booking
        amount = 25_000 * seats if amount is None else amount
        received = Received(PaymentProvider.TRANSFER, amount, "INR", f"T-{booking.id}")
        payments.record_paid(desk, booking.id, received)
        return booking

    return paid


@pytest.fixture
def owed(sql):
    return lambda: sql("SELECT booking_id, amount_minor, reason, state FROM refunds ORDER BY id")


@pytest.fixture
def cancel_event(desk):
    def cancel_event(event):
        return events.update_event(event.id, {"status": "cancelled"}, desk)

    return cancel_event


class TestACancelledBooking:
    def test_all_of_it_is_owed_once(self, desk, paid, owed):
        booking = paid()
        for _ in range(2):
            bookings.cancel(desk, booking.id)
        assert owed() == [(booking.id, 75_000, "cancelled", "OWED")]

    def test_a_part_is_owed_for_the_seats_given_back(self, desk, paid, owed, sql):
        booking = paid()
        for keep in (2, 2, 1, 0):
            bookings.cancel(desk, booking.id, keep=keep)
        assert [amount for _, amount, *_ in owed()] == [25_000, 25_000, 25_000]
        assert len({of for of, *_ in owed()}) == 3

    def test_of_an_order_of_several_types_its_own_part_is_owed(
        self, desk, event, paid, factories, owed
    ):
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 90_000, "quota": 9})
        items = [Item(types["General"].id, 1), Item(types["VIP"].id, 2)]
        booking = paid(seats=3, items=items, amount=205_000)
        bookings.cancel(desk, booking.id + 1)
        assert owed() == [(booking.id + 1, 180_000, "cancelled", "OWED")]
        bookings.cancel(desk, booking.id)
        assert owed()[1:] == [(booking.id, 25_000, "cancelled", "OWED")]

    def test_nothing_is_owed_for_what_was_not_paid_here(
        self, desk, make_event, make_booking, event, make_user, owed
    ):
        at_the_door = make_booking(make_event(price_minor=25_000), price_minor=25_000)
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
        reserved = bookings.book(desk, **order).booking
        for booking in (at_the_door, reserved):
            bookings.cancel(desk, booking.id)
        assert owed() == []

    def test_a_second_payment_that_is_owed_already_is_not_owed_again(self, desk, paid, owed):
        booking = paid()
        again = Received(PaymentProvider.TRANSFER, 75_000, "INR", "T-again")
        payments.record_paid(desk, booking.id, again)
        bookings.cancel(desk, booking.id)
        assert owed() == [
            (None, 75_000, "twice", "OWED"),
            (booking.id, 75_000, "cancelled", "OWED"),
        ]

    def test_who_leaves_gets_the_money_back_too(self, desk, paid, owed, make_user):
        user = make_user(password=PASSWORD)
        booking = paid(user_id=user.id)
        account_deletion.delete_account(user.id, PASSWORD, desk)
        assert owed() == [(booking.id, 75_000, "cancelled", "OWED")]

    def test_a_friend_s_seat_is_owed_to_who_paid_it(self, desk, paid, owed, sql):
        booking = paid(seats=2)
        first = gifts.give(desk, booking.id)
        second = gifts.give(desk, first.booking_id)
        bookings.cancel(desk, second.booking_id, organiser=True)
        bookings.cancel(desk, booking.id)
        payments_owed = sql("SELECT count(DISTINCT payment_id), sum(amount_minor) FROM refunds")
        assert payments_owed == [(1, 50_000)]


class TestACancelledEvent:
    @pytest.fixture(autouse=True)
    def one_at_a_time(self, monkeypatch):
        """So that it takes several statements, as thousands of bookings do."""
        monkeypatch.setattr(booking_ranges, "BATCH", 1)

    def test_all_that_was_paid_for_it_is_owed_once(
        self, desk, event, paid, owed, cancel_event, make_event
    ):
        other = make_event(price_minor=25_000, payment_minutes=15)
        paid(of=other)
        whole, part, gone = paid(), paid(), paid()
        bookings.cancel(desk, part.id, keep=1)
        bookings.cancel(desk, gone.id)
        before = owed()
        cancel_event(event)
        assert sorted(owed()[len(before) :]) == [
            (whole.id, 75_000, "event_cancelled", "OWED"),
            (part.id, 25_000, "event_cancelled", "OWED"),
        ]
        events.delete_event(event.id, desk, force=True)
        assert len(owed()) == len(before) + 2

    def test_a_deleted_event_owes_too(self, desk, event, paid, owed, sql):
        made = [paid() for _ in range(3)]
        events.delete_event(event.id, desk, force=True)
        assert owed() == [(one.id, 75_000, "event_cancelled", "OWED") for one in made]
        assert sql("SELECT DISTINCT status FROM bookings") == [("CANCELLED",)]

    def test_one_that_took_place_owes_nothing_when_it_is_tidied_away(
        self, desk, event, paid, owed, sql
    ):
        paid()
        sql("UPDATE events SET start_at = now() - interval '3 days'")
        events.delete_event(event.id, desk, force=True)
        assert owed() == []

    def test_friends_seats_are_owed_to_who_paid_them(self, desk, event, paid, sql, cancel_event):
        booking = paid(seats=3)
        first = gifts.give(desk, booking.id)
        gifts.give(desk, first.booking_id)
        gifts.give(desk, booking.id)
        cancel_event(event)
        assert sql(
            "SELECT count(*), count(DISTINCT payment_id), sum(amount_minor) FROM refunds"
        ) == [(3, 1, 75_000)]

    def test_seats_that_staff_give_back_afterwards_are_not_owed_twice(
        self, desk, event, paid, owed, cancel_event
    ):
        booking = paid()
        cancel_event(event)
        bookings.cancel(desk, booking.id, organiser=True, keep=1)
        bookings.cancel(desk, booking.id, organiser=True)
        assert owed() == [(booking.id, 75_000, "event_cancelled", "OWED")]

    def test_it_owes_nothing_when_it_takes_place_after_all(
        self, desk, event, paid, owed, cancel_event
    ):
        for _ in range(3):
            paid()
        cancel_event(event)
        assert len(owed()) == 3
        events.update_event(event.id, {"status": "published"}, desk)
        assert owed() == []
        cancel_event(event)
        assert len(owed()) == 3

    def test_it_can_t_take_place_once_money_was_paid_back(
        self, desk, event, paid, owed, cancel_event
    ):
        paid()
        cancel_event(event)
        (refund,) = payment_lists.list_refunds().items
        refunds.mark_paid_back(refund.id)
        with pytest.raises(InvalidField):
            events.update_event(event.id, {"status": "published"}, desk)
        assert owed()[0][3] == "PAID_BACK"


def test_booked_paid_refunded_and_owed_are_figures_of_their_own(
    desk, event, paid, make_user, cancel_event
):
    kept, part, gone = paid(), paid(), paid()
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1)
    again = Received(PaymentProvider.TRANSFER, 1_000, "INR", "T-again")
    payments.record_paid(desk, kept.id, again)
    bookings.cancel(desk, part.id, keep=1)
    bookings.cancel(desk, gone.id)
    refunds.mark_paid_back(payment_lists.list_refunds().items[0].id)
    found = figures_of(event.id)
    assert found == (100_000, 25_000, 226_000, 75_000, 51_000, 0, 0)
    assert found.stays == found.booked
    cancel_event(event)
    found = figures_of(event.id)
    assert (found.booked, found.to_come, found.stays, found.owed) == (0, 0, 0, 151_000)
