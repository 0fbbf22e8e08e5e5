"""What payment providers tell by webhooks: kept at once, and worked by the worker."""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.lib.payment_providers import Facts, PageState, RefundFailed, Webhook
from app.models import EventOutcome, PaymentProvider, ProviderEvent
from app.models.columns import now
from app.services import failed_refunds, payment_pages

AGAIN_AFTER = timedelta(minutes=1)
"""When an event is tried again that could not be worked."""
FAILURE = "refund_failed"
KEPT = timedelta(days=90)
"""How long what was worked is kept: repeats come within days."""

log = logging.getLogger(__name__)


def keep(name: PaymentProvider, webhook: Webhook) -> bool:
    """Keep what a provider has told; returns False if it is known."""
    facts = webhook.facts
    row: dict[str, Any] = {
        "provider": name.value,
        "event_id": webhook.id[:100],
        "kind": webhook.kind[:60],
        "body": _body(facts),
    }
    if facts is None:
        # Nothing follows of it: kept only so that whoever looks can see that it came.
        row |= {"worked_at": now(), "outcome": EventOutcome.NOTHING.value}
    statement = insert(ProviderEvent).values(row).on_conflict_do_nothing()
    with transaction() as session:
        kept = session.execute(statement.returning(ProviderEvent.event_id)).one_or_none()
    return kept is not None


def work_next(desk: BookingDesk) -> bool:
    """Do what follows of the oldest event that is due; returns whether there was one.

    What follows can be repeated. So nobody needs to have it alone, and a worker may die anywhere.
    """
    due = select(ProviderEvent).where(
        ProviderEvent.worked_at.is_(None), ProviderEvent.due_at <= now()
    )
    event = db.session.scalars(due.order_by(ProviderEvent.due_at).limit(1)).one_or_none()
    if event is None:
        db.session.rollback()
        return False
    db.session.expunge(event)
    db.session.rollback()
    name = PaymentProvider(event.provider)
    facts_to_log = {"provider": name.value, "event": event.event_id, "kind": event.kind}
    try:
        outcome = _settle(desk, name, event.body or {})
    except Exception as error:
        _put_off(event)
        facts_to_log["error"] = type(error).__name__
        log.warning("What a payment provider told could not be worked", extra=facts_to_log)
        return True
    with transaction() as session:
        done = _found(session, event)
        done.worked_at, done.outcome = now(), outcome.value
    log.info("A payment provider's word was worked", extra={**facts_to_log, "outcome": outcome})
    return True


def prune() -> None:
    """Delete what was worked long ago."""
    with transaction() as session:
        session.execute(delete(ProviderEvent).where(ProviderEvent.worked_at < now() - KEPT))


def _put_off(event: ProviderEvent) -> None:
    with transaction() as session:
        _found(session, event).due_at = now() + AGAIN_AFTER


def _found(session: Any, event: ProviderEvent) -> ProviderEvent:
    found: ProviderEvent = session.get_one(
        ProviderEvent, (event.provider, event.event_id), with_for_update=True
    )
    return found


def _settle(desk: BookingDesk, name: PaymentProvider, body: dict[str, Any]) -> EventOutcome:
    if FAILURE in body:
        return failed_refunds.settle(name, RefundFailed(**body[FAILURE]))
    return payment_pages.settle(desk, name, _facts(body))


def _body(facts: Facts | RefundFailed | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    if isinstance(facts, RefundFailed):
        return {FAILURE: facts._asdict()}
    return facts._asdict() | {"address": None}


def _facts(body: dict[str, Any]) -> Facts:
    return Facts(**{**body, "state": PageState(body["state"])})
