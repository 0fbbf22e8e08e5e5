"""The money of the books: each rule holds for all that may happen, and is told when it is broken
by hand."""

import pytest

from app.booking.issues import Issue
from app.models import BookingState, PaymentProvider
from app.operations.money_checks import MoneyFaults, money_faults
from app.operations.reconcile import reconcile
from app.services import (
    audit,
    bookings,
    events,
    gifts,
    issues,
    payment_lists,
    payments,
    refunds,
)
from app.services.payments import Received

NONE = MoneyFaults()


@pytest.fixture
def faults(event):
    return lambda: money_faults(1, event.id).get(event.id, NONE)


@pytest.fixture
def event(make_event):
    return make_event(price_minor=500, payment_minutes=15, capacity=50)


@pytest.fixture
def reserve(desk, event, make_user):
    def reserve(seats=1):
        order = {"user_id": make_user().id, "event_id": event.id, "seats": seats}
        return bookings.book(desk, **order).booking

    return reserve


@pytest.fixture
def pay(desk):
    def pay(booking, reference=None, amount=None, provider=PaymentProvider.TRANSFER):
        amount = amount or booking.seats * 500
        received = Received(provider, amount, "INR", reference or f"T-{booking.id}")
        return payments.record_paid(desk, booking.id, received, also_wrong=True)

    return pay


@pytest.fixture
def booking(reserve, pay):
    booking = reserve(3)
    pay(booking)
    return booking


def test_nothing_is_wrong_with_all_that_may_happen(desk, event, reserve, pay, booking, faults):
    pay(booking, "T-twice")
    reserve()
    gone, wrong = reserve(2), reserve()
    pay(gone)
    bookings.cancel(desk, gone.id)
    pay(gone, "T-late")
    pay(wrong, amount=7)
    friends = gifts.give(desk, booking.id)
    bookings.cancel(desk, friends.booking_id)
    gifts.give(desk, booking.id)
    bookings.cancel(desk, booking.id, keep=1)
    refunds.mark_paid_back(payment_lists.list_refunds().items[0].id)
    assert faults() == NONE
    events.update_event(event.id, {"status": "cancelled"}, desk)
    assert faults() == NONE
    assert reconcile(desk.gate).broken == []


def test_what_was_booked_before_the_setting_needs_no_payment(desk, make_event, make_booking):
    event = make_event(price_minor=500)
    make_booking(event, price_minor=500)
    audit.act_as("Priya")
    events.update_event(event.id, {"payment_minutes": 15}, desk)
    assert money_faults(1, event.id) == {}


def test_what_staff_book_needs_no_payment(desk, event):
    audit.act_as("Priya")
    issues.issue(desk, event.id, Issue("dev@example.com", "Dev", seats=2))
    assert money_faults(1, event.id) == {}


@pytest.mark.parametrize("confirmed", ["paid_at = now(), ", ""])
def test_a_seat_that_nobody_paid_is_told(reserve, sql, faults, confirmed):
    reserve()
    sql(f"UPDATE bookings SET {confirmed}status = 'CONFIRMED', reserved_until = NULL")
    assert faults() == MoneyFaults(unpaid=1)
    assert faults().broken


def test_a_payment_whose_seats_are_gone_is_told(booking, sql, faults):
    sql("UPDATE bookings SET status = 'EXPIRED', reserved_until = now()")
    assert faults() == MoneyFaults(without_seats=1)


def test_a_payment_that_came_twice_and_is_not_owed_back_is_told(booking, pay, sql, faults):
    pay(booking, "T-twice")
    sql("DELETE FROM refunds")
    assert faults() == MoneyFaults(without_seats=1)


def test_more_owed_back_than_has_come_is_told(desk, booking, sql, faults):
    bookings.cancel(desk, booking.id)
    sql("UPDATE refunds SET amount_minor = amount_minor + 1")
    assert faults() == MoneyFaults(above=1)


def test_a_refund_that_was_forgotten_is_told(desk, booking, sql, faults):
    bookings.cancel(desk, booking.id, keep=1)
    sql("DELETE FROM refunds")
    assert faults() == MoneyFaults(differing=1)


def test_seats_that_cost_less_than_was_paid_are_told(booking, sql, faults):
    sql("UPDATE bookings SET price_minor = price_minor - 1")
    assert faults() == MoneyFaults(differing=1)


def test_a_cancelled_event_that_owes_less_than_all_is_told(desk, event, booking, sql, faults):
    events.update_event(event.id, {"status": "cancelled"}, desk)
    sql("UPDATE refunds SET amount_minor = amount_minor - 1")
    assert faults() == MoneyFaults(differing=1)


def test_a_refund_that_its_provider_does_not_send_is_named(desk, reserve, pay, sql, faults, event):
    booking = reserve()
    pay(booking, "pi_1", provider=PaymentProvider.STRIPE)
    bookings.cancel(desk, booking.id)
    assert faults() == NONE
    sql("UPDATE refunds SET created_at = created_at - interval '25 hours'")
    assert faults() == MoneyFaults(stuck=1)
    assert not faults().broken
    (found,) = reconcile(desk.gate).findings
    assert found.event_id == event.id
    assert bookings.get_booking(booking.id).state == BookingState.CANCELLED
