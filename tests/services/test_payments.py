"""Payments of reserved orders: each brings its seats, or is owed back, and once only."""

from datetime import timedelta

import pytest

from app.booking.orders import Item
from app.errors import (
    BankReferenceTaken,
    BookingNotFound,
    InvalidField,
    NothingToPay,
    RefundNotFound,
    WrongAmount,
)
from app.models import PaymentProvider
from app.models.columns import now
from app.models.staff_scope import StaffScope, act_within
from app.services import bookings, paid_orders, payments, refunds
from app.services.payments import Received
from tests.support.expiry import expire_due
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants", "asha")
TRANSFER, UPI, DOOR = PaymentProvider.TRANSFER, PaymentProvider.UPI, PaymentProvider.DOOR
UTR = "412345678901"


@pytest.fixture
def paid_event(make_event):
    def make(**facts):
        return make_event(**{"price_minor": 25_000, "payment_minutes": 15, **facts})

    return make


@pytest.fixture
def reserve(desk, make_user):
    def reserve(event, seats=2, **facts):
        facts = {"user_id": make_user().id, "event_id": event.id, "seats": seats, **facts}
        return bookings.book(desk, **facts).booking

    return reserve


@pytest.fixture
def let_expire(desk, sql):
    """Let the time of all reservations be over."""

    def let_expire():
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE status = 'RESERVED'")
        sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")
        expire_due(desk)

    return let_expire


@pytest.fixture
def pay(desk):
    """Record money for a booking: by default all of it, by a bank transfer."""

    def pay(booking, amount=50_000, reference="T-1", provider=TRANSFER, currency="INR", **more):
        received = Received(provider, amount, currency, reference)
        return payments.record_paid(desk, booking.id, received, **more)

    return pay


@pytest.fixture
def statuses(sql):
    return lambda: [one for (one,) in sql("SELECT status FROM bookings ORDER BY id")]


@pytest.fixture
def paid(sql):
    return lambda: sql(
        "SELECT provider, provider_ref, amount_minor, state FROM payments ORDER BY id"
    )


@pytest.fixture
def owed(sql):
    return lambda: sql("SELECT amount_minor, currency, reason, state FROM refunds ORDER BY id")


class TestMoneyThatComesInTime:
    def test_it_confirms_the_reservation(self, paid_event, reserve, pay, sql, paid, owed):
        event = paid_event()
        booking = reserve(event)
        before = now()
        payment, refund = pay(booking)
        assert refund is None
        assert before <= payment.paid_at
        assert sql("SELECT status, reserved_until FROM bookings") == [("CONFIRMED", None)]
        assert seats_left(sql, event) == 3
        assert paid() == [("transfer", "T-1", 50_000, "PAID")]
        assert sql("SELECT marked_by FROM payments") == [("Asha",)]
        assert owed() == []

    def test_the_audit_log_tells_who_took_it(self, paid_event, reserve, pay, sql):
        booking = reserve(paid_event())
        pay(booking)
        told = sql("SELECT actor, subject_id, after FROM audit_entries")
        facts = {"amount_minor": 50_000, "currency": "INR", "provider": "transfer"}
        facts |= {"bank_reference": "T-1", "owed_back": None}
        assert told == [("Asha", booking.id, facts)]

    def test_it_confirms_all_that_was_booked_together(
        self, paid_event, reserve, pay, factories, statuses, sql
    ):
        event = paid_event(price_minor=0, capacity=20)
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000, "quota": 10})
        items = [Item(types["General"].id, 1), Item(types["VIP"].id, 2)]
        booking = reserve(event, seats=3, items=items)
        second = bookings.get_booking(booking.id + 1)  # whichever of them one looks at
        with pytest.raises(WrongAmount):
            pay(second, amount=2_000)
        pay(second, amount=4_000)
        assert statuses() == ["CONFIRMED", "CONFIRMED"]
        assert sql("SELECT booking_id FROM payments") == [(booking.id,)]

    def test_what_was_cancelled_before_costs_nothing(
        self, desk, paid_event, reserve, pay, factories, statuses, sql
    ):
        event = paid_event(capacity=20)
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000, "quota": 10})
        items = [Item(types["General"].id, 1), Item(types["VIP"].id, 2)]
        booking = reserve(event, seats=3, items=items)
        bookings.cancel(desk, booking.id)
        assert paid_orders.to_pay(booking).amount_minor == 4_000
        pay(booking, amount=4_000)
        assert statuses() == ["CANCELLED", "CONFIRMED"]

    def test_one_past_its_end_that_nobody_has_ended_is_confirmed(
        self, paid_event, reserve, pay, statuses, sql
    ):
        booking = reserve(paid_event())
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s'")
        assert pay(booking).refund is None
        assert statuses() == ["CONFIRMED"]


class TestMoneyThatDoesNotFit:
    def test_another_amount_or_currency_confirms_nothing(
        self, paid_event, reserve, pay, statuses, paid
    ):
        booking = reserve(paid_event())
        for facts in ({"amount": 49_999}, {"amount": 50_001}, {"currency": "USD"}):
            with pytest.raises(WrongAmount) as refused:
                pay(booking, **facts)
            assert (refused.value.asked, refused.value.currency) == (50_000, "INR")
        assert statuses() == ["RESERVED"]
        assert paid() == []

    def test_it_can_be_taken_as_owed_back(self, paid_event, reserve, pay, statuses, owed):
        booking = reserve(paid_event())
        pay(booking, amount=5_000, also_wrong=True)
        assert statuses() == ["RESERVED"]
        assert owed() == [(5_000, "INR", "wrong_amount", "OWED")]
        assert pay(booking, reference="T-2").refund is None
        assert statuses() == ["CONFIRMED"]

    @pytest.mark.parametrize("amount", [0, -50_000])
    def test_no_money_is_no_payment(self, paid_event, reserve, pay, amount):
        with pytest.raises(InvalidField):
            pay(reserve(paid_event()), amount=amount)

    @pytest.mark.parametrize(
        ("provider", "reference"), [(TRANSFER, None), (TRANSFER, "  "), (UPI, "123"), (UPI, "T-1")]
    )
    def test_what_a_bank_brings_has_its_reference(
        self, paid_event, reserve, pay, provider, reference
    ):
        with pytest.raises(InvalidField):
            pay(reserve(paid_event()), provider=provider, reference=reference)


class TestMoneyThatComesTooLate:
    def test_it_takes_its_seats_anew(self, paid_event, reserve, pay, let_expire, statuses, sql):
        event = paid_event()
        booking = reserve(event)
        let_expire()
        assert (statuses(), seats_left(sql, event)) == (["EXPIRED"], 5)
        assert pay(booking).refund is None
        assert (statuses(), seats_left(sql, event)) == (["CONFIRMED"], 3)

    def test_it_is_owed_back_if_they_are_gone(
        self, paid_event, reserve, pay, let_expire, statuses, owed, sql
    ):
        event = paid_event(capacity=2)
        booking = reserve(event)
        let_expire()
        other = reserve(event, seats=1)
        payment, refund = pay(booking)
        assert (refund.payment_id, refund.reason) == (payment.id, "late")
        assert statuses() == ["EXPIRED", "RESERVED"]
        assert owed() == [(50_000, "INR", "late", "OWED")]
        assert seats_left(sql, event) == 1
        assert pay(other, amount=25_000, reference="T-2").refund is None

    def test_it_is_owed_back_if_the_event_is_off(self, desk, paid_event, reserve, pay, sql, owed):
        booking = reserve(paid_event())
        sql("UPDATE bookings SET status = 'EXPIRED'")
        sql("UPDATE events SET status = 'cancelled', seats_available = 5, next_expiry_at = NULL")
        pay(booking)
        assert owed() == [(50_000, "INR", "event_cancelled", "OWED")]

    def test_it_is_owed_back_if_the_booking_is_cancelled(
        self, desk, paid_event, reserve, pay, owed
    ):
        booking = reserve(paid_event())
        bookings.cancel(desk, booking.id)
        pay(booking)
        assert owed() == [(50_000, "INR", "cancelled", "OWED")]


class TestMoneyThatComesTwice:
    def test_the_same_payment_is_recorded_once(self, paid_event, reserve, pay, paid, sql):
        booking = reserve(paid_event())
        first, second = pay(booking), pay(booking, reference="t - 1")
        assert first.payment.id == second.payment.id
        assert len(paid()) == 1
        assert sql("SELECT count(*) FROM audit_entries") == [(1,)]

    def test_one_that_is_owed_back_is_owed_once(self, paid_event, reserve, pay, let_expire, owed):
        event = paid_event(capacity=2)
        booking = reserve(event)
        let_expire()
        reserve(event)
        first, second = pay(booking), pay(booking)
        assert first.refund.id == second.refund.id
        assert len(owed()) == 1

    def test_another_payment_is_owed_back(self, paid_event, reserve, pay, statuses, paid, owed):
        booking = reserve(paid_event())
        pay(booking)
        refund = pay(booking, amount=40_000, reference="T-2").refund
        assert refund.reason == "twice"
        assert [state for *_, state in paid()] == ["PAID", "PAID"]
        assert owed() == [(40_000, "INR", "twice", "OWED")]
        assert statuses() == ["CONFIRMED"]

    def test_cash_is_taken_once(self, paid_event, reserve, pay, paid):
        booking = reserve(paid_event())
        cash = {"reference": None, "provider": DOOR}
        first, second = pay(booking, **cash), pay(booking, **cash)
        assert first.payment.id == second.payment.id
        assert paid() == [("door", None, 50_000, "PAID")]

    def test_no_cash_is_taken_for_what_is_paid(self, paid_event, reserve, pay):
        booking = reserve(paid_event())
        pay(booking)
        with pytest.raises(NothingToPay) as refused:
            pay(booking, reference=None, provider=DOOR)
        assert refused.value.is_paid

    def test_a_reference_pays_one_order(self, paid_event, reserve, pay, statuses):
        event = paid_event()
        pay(reserve(event))
        with pytest.raises(BankReferenceTaken):
            pay(reserve(event))
        assert statuses() == ["CONFIRMED", "RESERVED"]

    def test_two_banks_may_use_the_same_reference(self, paid_event, reserve, pay, statuses):
        event = paid_event()
        pay(reserve(event), reference=UTR)
        pay(reserve(event), reference=UTR, provider=UPI)
        assert statuses() == ["CONFIRMED", "CONFIRMED"]


class TestWhatABuyerAnnounces:
    def test_it_is_kept_and_may_be_corrected(self, paid_event, reserve, statuses, paid):
        booking = reserve(paid_event())
        payments.announce(booking.id, UPI, "412345678900")
        payments.announce(booking.id, UPI, "4123 4567 8901")
        due = paid_orders.to_pay(booking)
        assert (due.amount_minor, due.currency) == (50_000, "INR")
        assert (due.reference, due.bank_reference) == (booking.reference, UTR)
        assert due.is_reserved
        assert due.until - now() > timedelta(minutes=14)
        assert statuses() == ["RESERVED"]
        assert paid() == [("upi", None, 50_000, "PENDING")]

    def test_the_money_makes_it_a_payment(self, paid_event, reserve, pay, sql):
        booking = reserve(paid_event())
        payments.announce(booking.id, UPI, UTR)
        pay(booking, provider=UPI, reference=UTR)
        assert sql("SELECT bank_reference, provider_ref, state FROM payments") == [
            (UTR, UTR, "PAID")
        ]
        assert paid_orders.to_pay(booking) is None

    def test_no_other_order_s_reference_is_taken(self, paid_event, reserve, pay):
        event = paid_event(capacity=9)
        first, second, third = reserve(event), reserve(event), reserve(event)
        payments.announce(first.id, UPI, UTR)
        with pytest.raises(BankReferenceTaken):
            payments.announce(second.id, UPI, UTR)
        pay(third, provider=UPI, reference="999999999999")
        with pytest.raises(BankReferenceTaken):
            payments.announce(second.id, UPI, "999999999999")

    def test_nothing_is_announced_for_what_waits_for_no_money(self, desk, paid_event, reserve, pay):
        event = paid_event()
        paid, cancelled = reserve(event), reserve(event)
        pay(paid)
        bookings.cancel(desk, cancelled.id)
        for booking, is_paid in ((paid, True), (cancelled, False)):
            with pytest.raises(NothingToPay) as refused:
                payments.announce(booking.id, UPI, UTR)
            assert refused.value.is_paid == is_paid

    def test_money_on_its_way_may_be_announced_when_time_is_over(
        self, paid_event, reserve, let_expire
    ):
        booking = reserve(paid_event())
        let_expire()
        payments.announce(booking.id, UPI, UTR)
        due = paid_orders.to_pay(booking)
        assert (due.is_reserved, due.bank_reference) == (False, UTR)


class TestPayingBack:
    def test_it_is_noted_once(self, paid_event, reserve, pay, owed, sql):
        booking = reserve(paid_event())
        pay(booking)
        refund = pay(booking, reference="T-2").refund
        first = refunds.mark_paid_back(refund.id)
        again = refunds.mark_paid_back(refund.id)
        assert first.done_at == again.done_at
        assert owed() == [(50_000, "INR", "twice", "PAID_BACK")]
        assert sql("SELECT done_by FROM refunds") == [("Asha",)]
        assert sql("SELECT count(*) FROM audit_entries WHERE action = 'refund.paid_back'") == [(1,)]

    def test_nobody_marks_what_is_not_there(self):
        with pytest.raises(RefundNotFound):
            refunds.mark_paid_back(999)

    def test_a_key_of_other_events_finds_neither_booking_nor_refund(self, paid_event, reserve, pay):
        booking = reserve(paid_event())
        pay(booking)
        refund = pay(booking, reference="T-2").refund
        act_within(StaffScope(events=frozenset({999})))
        with pytest.raises(RefundNotFound):
            refunds.mark_paid_back(refund.id)
        with pytest.raises(BookingNotFound):
            pay(booking, reference="T-3")
