"""Money that is owed back: who owes it, and that it was paid back."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.db import db, transaction
from app.errors import RefundNotFound, RefundOnItsWay
from app.models import Booking, Payment, Refund, RefundReason, RefundState, User
from app.models.columns import now
from app.models.staff_scope import scope
from app.services import audit, outbox


def owe_all(session: Session, payment: Payment, booking: Booking, reason: RefundReason) -> Refund:
    """Owe a payment that brought no seats, and tell its buyer; the booking is its order's first.

    The caller holds the locks of the order's rows.
    """
    refund = Refund(
        payment=payment,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason=reason.value,
    )
    session.add(refund)
    tell(session, booking, refund)
    return refund


def mark_paid_back(refund_id: int, *, provider_ref: str | None = None) -> Refund:
    """Note that the money is paid back, and tell its buyer; once, however often it is said.

    With `provider_ref`, which the provider calls it that has paid it back. Raises `RefundNotFound`,
    and `RefundOnItsWay` for what a provider is just paying back.
    """
    get_refund(refund_id)
    with transaction() as session:
        refund = session.get_one(
            Refund, refund_id, with_for_update={"of": Refund}, populate_existing=True
        )
        if refund.is_on_its_way and provider_ref is None:
            raise RefundOnItsWay(refund_id)
        # What is said after all to have failed, was told earlier to be sent.
        has_failed = provider_ref is not None and provider_ref == refund.failed_ref
        if refund.state == RefundState.OWED.value and not has_failed:
            refund.provider_ref = provider_ref
            refund.state, refund.done_at = RefundState.PAID_BACK.value, now()
            refund.done_by = audit.actor() or None
            booking = _booking_of(session, refund)
            audit.record("refund.paid_back", booking, after=facts_of(refund))
            tell(session, booking, refund)
    return get_refund(refund_id)


def get_refund(refund_id: int) -> Refund:
    """The refund with its payment, booking and event. Raises `RefundNotFound`."""
    read = joinedload(Refund.payment).joinedload(Payment.booking)
    query = (
        select(Refund)
        .where(Refund.id == refund_id)
        .options(read.joinedload(Booking.event), read.joinedload(Booking.user))
        .execution_options(populate_existing=True)
    )
    refund = db.session.scalars(query).one_or_none()
    if refund is None or not scope().covers(refund.payment.booking.event_id):
        raise RefundNotFound(refund_id)
    return refund


def facts_of(refund: Refund) -> dict[str, outbox.JSON]:
    """What the audit log tells of it."""
    return {
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "reason": refund.reason,
    }


def _booking_of(session: Session, refund: Refund) -> Booking:
    query = (
        select(Booking)
        .join(Payment, Payment.booking_id == Booking.id)
        .where(Payment.id == refund.payment_id)
    )
    return session.scalars(query).one()


def tell(session: Session, booking: Booking, refund: Refund, *, has_failed: bool = False) -> None:
    """Write to the booking's guest of money that is theirs, in the current transaction; with
    `has_failed`, that it was sent back and did not arrive."""
    user = session.get_one(User, booking.user_id)
    if user.deleted_at:
        return
    outbox.enqueue(
        "money_back",
        user.email,
        user=user,
        booking_id=booking.id,
        event_id=booking.event_id,
        facts={
            **facts_of(refund),
            "done": refund.state == RefundState.PAID_BACK.value,
            "failed": has_failed,
        },
    )
