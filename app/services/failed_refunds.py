"""Refunds that a provider sent and that did not arrive, as it tells later: owed again.

The provider is not asked once more: the card is gone, or the account closed. Staff read why, and
send the money otherwise.
"""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from app.db import transaction
from app.lib.payment_providers import RefundFailed
from app.models import Booking, EventOutcome, Payment, PaymentProvider, Refund, RefundState
from app.models.payment import MAX_REFUSAL
from app.services import refunds
from app.services.provider_refunds import KEY


def settle(name: PaymentProvider, failure: RefundFailed) -> EventOutcome:
    """Owe again what did not arrive, and tell its buyer. Repeating it changes nothing; told before
    we have noted that the refund was sent, it is not noted any more."""
    with transaction() as session:
        refund = _locked(session, name, failure)
        if refund is None:
            return EventOutcome.UNKNOWN
        by_others = refund.state == RefundState.PAID_BACK.value and (
            refund.provider_ref != failure.refund
        )
        if refund.failed_ref is not None or by_others:
            return EventOutcome.NOTHING
        was_sent = refund.state == RefundState.PAID_BACK.value
        refund.state, refund.done_at, refund.done_by = RefundState.OWED.value, None, None
        refund.provider_ref, refund.failed_ref = None, failure.refund
        refund.refusal, refund.try_at = failure.reason[:MAX_REFUSAL], None
        if was_sent:
            booking = session.get_one(Booking, refund.payment.booking_id)
            refunds.tell(session, booking, refund, has_failed=True)
    return EventOutcome.OWED


def _locked(session: Session, name: PaymentProvider, failure: RefundFailed) -> Refund | None:
    """The refund that is meant, by the provider's name for it or else by ours; locked."""
    ours = (failure.key or "").removeprefix(KEY)
    which = [Refund.provider_ref == failure.refund]
    if ours.isascii() and ours.isdigit() and len(ours) < 18:
        which.append(Refund.id == int(ours))
    for condition in which:
        found = session.scalars(_of(name).where(condition)).one_or_none()
        if found is not None:
            return found
    return None


def _of(name: PaymentProvider) -> Select[Refund]:
    return (
        select(Refund)
        .join(Refund.payment)
        .options(contains_eager(Refund.payment))
        .where(Payment.provider == name.value)
        .with_for_update(of=Refund)
        .execution_options(populate_existing=True)
    )
