"""A payment at the moment when its reservation ends, and the same payment told twice at once.

Nobody pays without seats or money owed back, and nobody has seats twice.
"""

import pytest

from app.db import db, transaction
from app.models import PaymentProvider
from app.services import bookings, events, payments
from app.services.payments import Received, Recorded
from tests.support.expiry import expire_due
from tests.support.sums import assert_seats_add_up, seats_left

ROUNDS, ORDERS = 4, 6


@pytest.fixture
def reserved(app, desk, make_event, make_user):
    """An event with no seat left, and the bookings that wait for their payment."""

    def make(orders=ORDERS):
        event = make_event(price_minor=25_000, payment_minutes=15, capacity=orders)
        order = {"event_id": event.id, "seats": 1}
        users = [make_user() for _ in range(orders)]
        with app.app_context():
            made = [bookings.book(desk, user_id=user.id, **order) for user in users]
        return event, [one.booking for one in made]

    return make


@pytest.fixture
def time_is_over(sql, desk):
    def end(event):
        sql("UPDATE bookings SET reserved_until = now() WHERE event_id = %s", event.id)
        sql("UPDATE events SET next_expiry_at = now() WHERE id = %s", event.id)
        desk.gate.forget([event.id])

    return end


def pay(desk, booking, reference):
    received = Received(PaymentProvider.TRANSFER, 25_000, "INR", reference)
    return payments.record_paid(desk, booking.id, received)


def pay_after_a_look(desk, booking, reference):
    """As one would write it who asks first and confirms then, without the row's lock."""
    db.session.rollback()
    if bookings.get_booking(booking.id).status != "RESERVED":
        return None
    db.session.rollback()
    with transaction() as session:
        session.connection().exec_driver_sql("SELECT pg_sleep(0.05)")
        session.connection().exec_driver_sql(
            "UPDATE bookings SET status = 'CONFIRMED', reserved_until = NULL"
            f" WHERE id = {booking.id}"
        )
        return booking


def pay_and_owe_nothing(desk, booking, reference):
    """As one would write it who confirms what is reserved still, and records the money anyway."""
    db.session.rollback()
    if bookings.get_booking(booking.id).status != "RESERVED":
        return
    db.session.rollback()
    with transaction() as session:
        run = session.connection().exec_driver_sql
        run("SELECT pg_sleep(0.05)")
        run(
            "UPDATE bookings SET status = 'CONFIRMED', reserved_until = NULL"
            f" WHERE id = {booking.id} AND status = 'RESERVED'"
        )
        run(
            "INSERT INTO payments (booking_id, provider, provider_ref, amount_minor, currency,"
            f" state, paid_at) VALUES ({booking.id}, 'transfer', '{reference}', 25000, 'INR',"
            " 'PAID', now())"
        )


def test_who_pays_as_the_time_ends_has_seats_or_is_owed_the_money(
    race, app, desk, reserved, time_is_over, make_user, sql, invariants
):
    for round_ in range(ROUNDS):
        event, waiting = reserved()
        time_is_over(event)
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
        answers = race(
            [
                (expire_due, (desk,), {}),
                *[(pay, (desk, one, f"T-{round_}-{one.id}"), {}) for one in waiting],
                *[(bookings.book, (desk,), order)] * ORDERS,
            ]
        )
        recorded = [answer for answer in answers if isinstance(answer, Recorded)]
        assert len(recorded) == ORDERS
        unlucky = {one.payment.booking_id for one in recorded if one.refund}
        for one in waiting:
            status = "EXPIRED" if one.id in unlucky else "CONFIRMED"
            assert sql("SELECT status FROM bookings WHERE id = %s", one.id) == [(status,)]
        assert sql("SELECT count(*) FROM payments WHERE state = 'PAID'") == [
            ((round_ + 1) * ORDERS,)
        ]
        taken = sql(
            "SELECT sum(seats) FROM bookings WHERE event_id = %s AND status IN"
            " ('CONFIRMED', 'RESERVED')",
            event.id,
        )[0][0]
        assert taken + seats_left(sql, event) == ORDERS


def test_to_look_first_and_confirm_then_sells_a_seat_twice(
    race, desk, reserved, time_is_over, make_user, sql
):
    """The control: it shows that the race above is there to be lost."""
    for _ in range(20):
        event, (first, *_more) = reserved(1)
        time_is_over(event)
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
        race([(pay_after_a_look, (desk, first, "T"), {}), (bookings.book, (desk,), order)])
        try:
            assert_seats_add_up(sql)
        except AssertionError:
            return
    pytest.fail("no seat was sold twice")


def test_the_same_payment_told_many_times_at_once_is_one(race, desk, reserved, sql, invariants):
    for round_ in range(ROUNDS):
        _event, (booking, *_others) = reserved()
        answers = race([(pay, (desk, booking, f"T-{round_}"), {})] * 6)
        assert {type(answer) for answer in answers} == {Recorded}
        assert len({answer.payment.id for answer in answers}) == 1
        found = sql("SELECT count(*) FROM payments WHERE booking_id = %s", booking.id)
        assert found == [(1,)]
    assert sql("SELECT count(*) FROM refunds") == [(0,)]


def test_two_payments_at_once_confirm_once_and_one_is_owed_back(
    race, desk, reserved, sql, invariants
):
    for round_ in range(ROUNDS):
        _event, (booking, *_others) = reserved()
        answers = race([(pay, (desk, booking, f"T-{round_}-{n}"), {}) for n in range(3)])
        assert sorted(answer.refund is None for answer in answers) == [False, False, True]
    assert sql("SELECT reason, count(*) FROM refunds GROUP BY reason") == [("twice", 2 * ROUNDS)]


def test_one_reference_told_of_two_orders_at_once_pays_one(race, desk, reserved, sql, invariants):
    for round_ in range(ROUNDS):
        event, (first, second, *_others) = reserved()
        answers = race([(pay, (desk, one, f"T-{round_}"), {}) for one in (first, second)])
        assert sum(isinstance(answer, Recorded) for answer in answers) == 1
        confirmed = "SELECT count(*) FROM bookings WHERE event_id = %s AND status = 'CONFIRMED'"
        assert sql(confirmed, event.id) == [(1,)]


def test_money_and_cancellations_at_once_leave_nobody_without_either(
    race, desk, reserved, sql, invariants
):
    """Who pays while the booking, or the whole event, is cancelled has seats or is owed it all."""
    for round_ in range(ROUNDS):
        event, waiting = reserved()
        call_off = (events.update_event, (event.id, {"status": "cancelled"}, desk), {})
        race(
            [
                *[(pay, (desk, one, f"T-{round_}-{one.id}"), {}) for one in waiting],
                *[(bookings.cancel, (desk, one.id), {}) for one in waiting[:3]],
                *([call_off] if round_ % 2 else []),
                *[(bookings.cancel, (desk, one.id), {"organiser": True}) for one in waiting[:3]],
            ]
        )
        assert each_has_seats_or_is_owed(sql, event) == ORDERS


def test_a_payment_that_owes_nothing_back_leaves_somebody_without_either(race, desk, reserved, sql):
    """The control: the same money and cancellations, where whoever pays has looked before."""
    for round_ in range(20):
        event, (first, *_others) = reserved()
        race(
            [
                (pay_and_owe_nothing, (desk, first, f"T-{round_}"), {}),
                (bookings.cancel, (desk, first.id), {}),
            ]
        )
        try:
            each_has_seats_or_is_owed(sql, event)
        except AssertionError:
            return
    pytest.fail("each had seats, or was owed the money")


def each_has_seats_or_is_owed(sql, event):
    """How many have paid, of whom each has seats, or is owed all of it."""
    paid = sql(
        "SELECT b.id, b.status, e.status, coalesce(sum(r.amount_minor), 0) FROM bookings b"
        " JOIN events e ON e.id = b.event_id JOIN payments p ON p.booking_id = b.id"
        " LEFT JOIN refunds r ON r.payment_id = p.id"
        " WHERE b.event_id = %s GROUP BY b.id, e.id",
        event.id,
    )
    for _id, status, of_event, amount in paid:
        stands = status == "CONFIRMED" and of_event == "published"
        assert amount == (0 if stands else 25_000), (status, of_event)
    return len(paid)
