"""Payments of reserved orders: announced by buyers, and recorded once the money has come.

Whoever records one locks event, bookings and payment, in this order; the event's row only where
seats are to be taken anew or nothing is confirmed.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.booking import late_payments, reservations
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.seat_changes import SeatChanges
from app.db import transaction
from app.errors import BankReferenceTaken, InvalidField, NothingToPay, WrongAmount
from app.lib.payment_texts import NotABankReference, bank_reference
from app.models import (
    Booking,
    EventStatus,
    Happened,
    Payment,
    PaymentProvider,
    PaymentState,
    Refund,
    RefundReason,
)
from app.models.columns import now
from app.models.payment import ONLINE
from app.services import audit, outbox, refunds
from app.services.bookings import get_booking
from app.services.paid_orders import PaidOrder, lock_order

CONSTRAINTS = ("uq_payments_provider_provider_ref", "uq_payments_provider_bank_reference")


class Received(NamedTuple):
    """Money that has come, as a member of staff or a provider tells of it."""

    provider: PaymentProvider
    amount_minor: int
    currency: str
    reference: str | None = None
    """What the provider calls the payment. Cash has none, and is taken once for an order."""


class Recorded(NamedTuple):
    payment: Payment
    refund: Refund | None
    """What is owed back of it; None if it brought its seats."""


@retry_if_ended
def record_paid(
    desk: BookingDesk, booking_id: int, received: Received, *, also_wrong: bool = False
) -> Recorded:
    """Record a payment for the booking's order, which is confirmed by it.

    Money for an order whose time is over takes its seats anew, if there are any. Money for one that
    is paid or cancelled, or whose seats are gone, is owed back, and its buyer told. So is, with
    `also_wrong`, an amount that is not what the order costs. Repeating it with the same reference
    changes nothing. Raises `BookingNotFound`, `WrongAmount`, `InvalidField` for a bad reference,
    `BankReferenceTaken`, and `NothingToPay` for cash for an order that is paid otherwise.
    """
    booking = get_booking(booking_id)
    received = checked(received)
    try:
        return _confirm_at_once(booking, received) or _place(desk, booking, received, also_wrong)
    except IntegrityError as error:
        raise _taken(error, booking_id) from None


def announce(booking_id: int, provider: PaymentProvider, text: str) -> Payment:
    """Keep the bank's reference of a payment, as the buyer of the booking gives it.

    It is a claim by which staff find the money. Raises `BookingNotFound`, `InvalidField`,
    `NothingToPay`, and `BankReferenceTaken`.
    """
    booking = get_booking(booking_id)
    reference = _reference(text, provider)
    try:
        with transaction() as session:
            order = lock_order(session, booking)
            if not order.waiting:
                raise NothingToPay(booking_id, order.is_paid)
            if _found(session, provider, reference):
                raise BankReferenceTaken(booking_id)
            payment = pending_payment(session, order, provider)
            payment.bank_reference = reference
    except IntegrityError as error:
        raise _taken(error, booking_id) from None
    return payment


def _confirm_at_once(booking: Booking, received: Received) -> Recorded | None:
    """Confirm a reserved order without its event's lock, as no counter changes; None if it is not
    reserved, or costs something else."""
    with transaction() as session:
        order = lock_order(session, booking)
        if known := _recorded(session, order, received):
            return known
        if not order.is_reserved or not fits(order, received):
            return None
        ids = [one.id for one in order.waiting]
        if not reservations.confirm(session, ids, now()):
            raise RuntimeError("a locked reservation has changed")
        for one in order.waiting:
            session.refresh(one, ["status", "reserved_until", "created_at", "paid_at"])
        return Recorded(_take(session, order, received, ids), None)


def _place(desk: BookingDesk, booking: Booking, received: Received, also_wrong: bool) -> Recorded:
    """Take seats for the money that can't be confirmed at once, or owe it back."""
    with desk.changing(booking.event_id) as changes:
        session = changes.session
        order = lock_order(session, booking)
        if known := _recorded(session, order, received):
            return known
        if order.is_paid and received.reference is None:
            raise NothingToPay(booking.id, is_paid=True)
        ids = [one.id for one in order.waiting]
        if ids and not fits(order, received) and not also_wrong:
            raise WrongAmount(booking.id, order.amount_minor, order.currency)
        reason = _why_not(changes, order, received)
        payment = _take(session, order, received, [] if reason else ids, reason)
        refund = refunds.owe_all(session, payment, order.first, reason) if reason else None
        return Recorded(payment, refund)


def _why_not(changes: SeatChanges, order: PaidOrder, received: Received) -> RefundReason | None:
    """Take the order's seats for the money, or say why it brings none."""
    if not order.waiting:
        return RefundReason.TWICE if order.is_paid else RefundReason.CANCELLED
    if not fits(order, received):
        return RefundReason.WRONG_AMOUNT
    event = changes.events.get(order.first.event_id)
    if event is None or event.status == EventStatus.CANCELLED:
        return RefundReason.EVENT_CANCELLED
    ids = [one.id for one in order.waiting]
    taken = late_payments.take_anew(changes.session, event, ids, now())
    return None if taken else RefundReason.LATE


def _take(
    session: Session,
    order: PaidOrder,
    received: Received,
    confirmed: list[int],
    reason: RefundReason | None = None,
) -> Payment:
    """Record the money and, if it brought seats, what is to be told of them."""
    payment = pending_payment(session, order, received.provider)
    receive(payment, order, received, reason)
    payment.seats_paid = seats_paid(one for one in order.bookings if one.id in confirmed)
    session.flush()
    if confirmed:
        outbox.note(Happened.PAID, event_id=order.first.event_id, booking_ids=confirmed)
    return payment


def receive(
    payment: Payment, order: PaidOrder, received: Received, reason: RefundReason | None = None
) -> None:
    """Note that the money has come; with a `reason`, that it is owed back."""
    payment.provider_ref = received.reference
    payment.amount_minor, payment.currency = received.amount_minor, received.currency
    payment.state, payment.paid_at = PaymentState.PAID.value, now()
    payment.marked_by = audit.actor() or None
    facts = {
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "provider": payment.provider,
        "bank_reference": received.reference,
        "owed_back": reason.value if reason else None,
    }
    audit.record("payment.received", order.first, after=facts)


def seats_paid(bookings: Iterable[Booking]) -> list[dict[str, Any]] | None:
    """What a payment pays for that confirms these bookings, for its receipt: they may be given
    back in part before that is written. None if it confirms none."""
    lines = [
        {
            "booking_id": one.id,
            "ticket_type_id": one.ticket_type_id,
            "seats": one.seats,
            "price_minor": one.price_minor,
            "fee_minor": one.fee_minor,
        }
        for one in bookings
    ]
    return lines or None


def _recorded(session: Session, order: PaidOrder, received: Received) -> Recorded | None:
    """The payment, if it was recorded before. Raises `BankReferenceTaken`."""
    query = select(Payment).where(
        Payment.state == PaymentState.PAID.value, Payment.provider == received.provider.value
    )
    if received.reference is None:
        query = query.where(
            Payment.booking_id == order.first.id, Payment.provider_ref.is_(None)
        ).order_by(Payment.id)
    else:
        query = query.where(Payment.provider_ref == received.reference)
    payment = session.scalars(query.limit(1)).one_or_none()
    if payment is None:
        return None
    if payment.booking_id != order.first.id:
        raise BankReferenceTaken(order.first.id)
    owed = select(Refund).where(Refund.payment_id == payment.id, Refund.booking_id.is_(None))
    return Recorded(payment, session.scalars(owed).one_or_none())


def pending_payment(session: Session, order: PaidOrder, provider: PaymentProvider) -> Payment:
    """The order's payment by this provider that has not come, begun if there is none."""
    query = select(Payment).where(
        Payment.booking_id == order.first.id,
        Payment.provider == provider.value,
        Payment.state == PaymentState.PENDING.value,
    )
    payment = session.scalars(query.with_for_update()).one_or_none()
    if payment is None:
        payment = Payment(
            booking_id=order.first.id,
            provider=provider.value,
            amount_minor=order.amount_minor,
            currency=order.currency,
        )
        session.add(payment)
    return payment


def _found(session: Session, provider: PaymentProvider, reference: str) -> int | None:
    """The payment that has come with this reference, if any."""
    query = select(Payment.id).where(
        Payment.provider == provider.value, Payment.provider_ref == reference
    )
    return session.scalars(query).one_or_none()


def fits(order: PaidOrder, received: Received) -> bool:
    """Whether the money is what the order costs."""
    return (received.amount_minor, received.currency) == (order.amount_minor, order.currency)


def checked(received: Received) -> Received:
    """The money with its reference in one spelling. Raises `InvalidField`."""
    if received.amount_minor <= 0:
        raise InvalidField("amount_minor", "must be more than 0")
    if received.provider == PaymentProvider.DOOR and not received.reference:
        return received._replace(reference=None)
    if received.provider in ONLINE:
        return received  # as the provider calls it
    return received._replace(reference=_reference(received.reference or "", received.provider))


def _reference(text: str, provider: PaymentProvider) -> str:
    try:
        return bank_reference(text, of_upi=provider == PaymentProvider.UPI)
    except NotABankReference as error:
        raise InvalidField("bank_reference", str(error)) from None


def _taken(error: IntegrityError, booking_id: int) -> Exception:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return BankReferenceTaken(booking_id) if name in CONSTRAINTS else error
