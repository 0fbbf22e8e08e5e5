"""Many payments at once are recorded as each of them would be alone."""

import pytest

from app.booking.orders import Item
from app.errors import BookingNotFound, InvalidField, WrongAmount
from app.models import PaymentProvider
from app.models.staff_scope import StaffScope, act_within
from app.services import bookings, payments
from app.services.payment_batches import Wanted, record_all
from app.services.payments import Received, Recorded
from tests.services.test_catalogue import statements
from tests.services.test_payments import let_expire, paid, paid_event, reserve, statuses
from tests.support.sums import seats_left

__all__ = ["let_expire", "paid", "paid_event", "reserve", "statements", "statuses"]
pytestmark = pytest.mark.usefixtures("invariants", "asha")
TRANSFER, UPI = PaymentProvider.TRANSFER, PaymentProvider.UPI


def money(booking, reference, amount=None, provider=TRANSFER):
    amount = booking.seats * booking.price_minor if amount is None else amount
    return Wanted(booking.id, Received(provider, amount, "INR", reference))


def test_reserved_orders_are_confirmed_and_their_payments_recorded(
    desk, reserve, paid_event, statuses, paid, sql
):
    first, second = reserve(paid_event()), reserve(paid_event(), seats=1)
    answers = record_all(desk, [money(first, "T-1"), money(second, "T-2")])
    assert [one.payment.booking_id for one in answers] == [first.id, second.id]
    assert statuses() == ["CONFIRMED", "CONFIRMED"]
    assert paid() == [("transfer", "T-1", 50_000, "PAID"), ("transfer", "T-2", 25_000, "PAID")]
    assert sql("SELECT count(*) FROM bookings WHERE reserved_until IS NULL") == [(2,)]


def test_each_is_answered_what_it_would_be_alone(
    desk, reserve, paid_event, statuses, paid, let_expire
):
    event = paid_event(capacity=9)
    late = reserve(event, seats=1)
    let_expire()
    good, short, twice = (reserve(event, seats=1) for _ in range(3))
    before = payments.record_paid(desk, twice.id, money(twice, "T-0").received)
    answers = record_all(
        desk,
        [
            money(good, "T-1"),
            money(short, "T-2", amount=1),
            money(twice, "T-3"),
            money(late, "T-4"),
            money(good, "T-5"),
            money(twice, "T-0"),
            Wanted(10**9, Received(TRANSFER, 1, "INR", "T-6")),
            money(good, ""),
        ],
    )
    kinds = [type(one) for one in answers]
    assert kinds == [
        *(Recorded, WrongAmount, Recorded, Recorded, Recorded, Recorded),
        *(BookingNotFound, InvalidField),
    ]
    assert [bool(one.refund) for one in answers if isinstance(one, Recorded)] == [
        *(False, True, False, True, False)
    ]
    assert answers[5].payment.id == before.payment.id
    assert statuses() == ["CONFIRMED", "CONFIRMED", "RESERVED", "CONFIRMED"]
    assert len(paid()) == 5


def test_the_same_batch_twice_changes_nothing(desk, reserve, paid_event, paid):
    wanted = [money(reserve(paid_event()), f"T-{n}") for n in range(5)]
    first = [one.payment.id for one in record_all(desk, wanted)]
    again = record_all(desk, wanted)
    assert [one.payment.id for one in again] == first
    assert len(paid()) == 5


def test_what_the_buyer_has_announced_is_the_payment_that_comes(desk, reserve, paid_event, sql):
    booking = reserve(paid_event())
    payments.announce(booking.id, UPI, "412345678901")
    (answer,) = record_all(desk, [money(booking, "412345678901", provider=UPI)])
    assert answer.refund is None
    assert sql("SELECT state, provider_ref, bank_reference FROM payments") == [
        ("PAID", "412345678901", "412345678901")
    ]


def test_an_order_of_several_types_is_paid_as_a_whole(
    desk, paid_event, make_user, factories, statuses, sql
):
    event = paid_event(capacity=20)
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000})
    items = [Item(types["General"].id, 1), Item(types["VIP"].id, 2)]
    facts = {"user_id": make_user().id, "event_id": event.id}
    booked = bookings.book(desk, **facts, seats=3, items=items)
    second = booked.others[0]
    (answer,) = record_all(desk, [Wanted(second.id, Received(TRANSFER, 29_000, "INR", "T-1"))])
    assert answer.refund is None
    assert statuses() == ["CONFIRMED", "CONFIRMED"]
    assert seats_left(sql, event) == 17


def test_a_member_of_staff_records_none_of_other_events(desk, reserve, paid_event, statuses):
    mine, other = paid_event(), paid_event()
    wanted = [money(reserve(mine), "T-1"), money(reserve(other), "T-2")]
    act_within(StaffScope(events=frozenset({mine.id})))
    assert [type(one) for one in record_all(desk, wanted)] == [Recorded, BookingNotFound]
    assert statuses() == ["CONFIRMED", "RESERVED"]


def test_a_hundred_take_few_statements(desk, reserve, paid_event, statements):
    event = paid_event(capacity=500)
    wanted = [money(reserve(event, seats=1), f"T-{n}") for n in range(100)]
    statements.clear()
    record_all(desk, wanted)
    assert len(statements) <= 16
