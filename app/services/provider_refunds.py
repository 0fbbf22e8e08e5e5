"""Money that is owed back of payments by providers: paid back by them, once each.

A refund that was begun may have been done, whatever its answer was. So its key is its own for ever,
and until the provider has answered nobody else settles it.
"""

import logging
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import or_, select

from app.db import transaction
from app.lib.payment_providers import Away, Refused
from app.models import Payment, PaymentProvider, Refund, RefundState
from app.models.columns import now
from app.models.payment import MAX_REFUSAL, ONLINE
from app.services import refunds
from app.services.payment_providers import Providers

LEASE = timedelta(minutes=1)
"""How long another worker leaves a refund alone that was taken up."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between tries at a provider that is away; the first pauses are shorter."""
AFTER_REFUSAL = timedelta(hours=6)
"""When it is tried again that was refused, as for want of money in the account there."""
KEY = "utsavam-refund-"
NOT_CONFIGURED = "not configured"

log = logging.getLogger(__name__)


class _Sending(NamedTuple):
    refund_id: int
    provider: PaymentProvider
    payment: str
    amount_minor: int
    tries: int

    @property
    def key(self) -> str:
        return refund_key(self.refund_id)


def refund_key(refund_id: int) -> str:
    """The name of a refund that its provider keeps with it."""
    return f"{KEY}{refund_id}"


def send_next(providers: Providers) -> bool:
    """Have the next refund that is due paid back; returns whether there was one."""
    sending = _claim()
    if sending is None:
        return False
    facts = {"refund_id": sending.refund_id, "provider": sending.provider.value}
    provider = providers.get(sending.provider)
    try:
        if provider is None:
            raise Refused(NOT_CONFIGURED)
        done = provider.refund(sending.payment, sending.amount_minor, sending.key)
    except Away as error:
        pause = min(LONGEST_PAUSE, LEASE * 2 ** min(sending.tries - 1, 10))
        _put_off(sending.refund_id, pause)
        log.warning("A payment provider did not answer", extra={**facts, "why": str(error)})
    except Refused as error:
        _put_off(sending.refund_id, AFTER_REFUSAL, refusal=str(error))
        log.warning("A refund was refused", extra={**facts, "why": str(error)})
    else:
        refunds.mark_paid_back(sending.refund_id, provider_ref=done)
        log.info("A refund was sent", extra=facts)
    return True


def _claim() -> _Sending | None:
    """Take up the next refund that is due. From now on it may have been done."""
    due = (
        select(Refund, Payment)
        .join(Refund.payment)
        .where(Refund.state == RefundState.OWED.value, Payment.provider.in_(ONLINE))
        .where(or_(Refund.try_at.is_(None), Refund.try_at <= now()), Refund.failed_ref.is_(None))
        .order_by(Refund.id)
        .limit(1)
    )
    with transaction() as session:
        found = session.execute(due.with_for_update(of=Refund, skip_locked=True)).one_or_none()
        if found is None:
            return None
        refund, payment = found
        refund.tries, refund.refusal = refund.tries + 1, None
        refund.try_at = now() + LEASE
        return _Sending(
            refund.id,
            PaymentProvider(payment.provider),
            payment.provider_ref or "",
            refund.amount_minor,
            refund.tries,
        )


def _put_off(refund_id: int, pause: timedelta, refusal: str | None = None) -> None:
    with transaction() as session:
        refund = session.get_one(Refund, refund_id, with_for_update=True)
        refund.try_at = now() + pause
        refund.refusal = refusal[:MAX_REFUSAL] if refusal else None
