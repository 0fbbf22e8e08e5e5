"""What payment providers tell by webhooks: kept at once, and worked by the worker."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.errors import UtsavamError
from app.lib.payment_providers import Facts, PageState, RefundFailed, Webhook
from app.models import EventOutcome, PaymentProvider, ProviderEvent
from app.models.columns import now
from app.services import failed_refunds, payment_pages, told_pages
from app.services.payment_batches import TOGETHER
from app.services.told_pages import Told

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


def work_due(desk: BookingDesk) -> bool:
    """Do what follows of the oldest events that are due; returns whether there were any.

    What follows can be repeated. So nobody needs to have them alone, and a worker may die anywhere.
    """
    events = _due()
    paid = [one for one in events if (one.body or {}).get("state") == PageState.PAID.value]
    others = [one for one in events if one not in paid]
    if len(paid) < 2 or not _work_together(desk, paid):
        others = list(events)
    for event in others:
        _work(desk, event)
    return bool(events)


def _due() -> Sequence[ProviderEvent]:
    due = select(ProviderEvent).where(
        ProviderEvent.worked_at.is_(None), ProviderEvent.due_at <= now()
    )
    events = db.session.scalars(due.order_by(ProviderEvent.due_at).limit(TOGETHER)).all()
    db.session.expunge_all()
    db.session.rollback()
    return events


def _work_together(desk: BookingDesk, events: Sequence[ProviderEvent]) -> bool:
    """Work those that tell of money that has come; returns False if one of them prevents it."""
    try:
        told = [Told(PaymentProvider(one.provider), _facts(one.body or {})) for one in events]
        outcomes = told_pages.settle_paid(desk, told)
    except Exception as error:
        facts = {"error": type(error).__name__, "events": len(events)}
        log.warning("What payment providers told is worked one by one", extra=facts)
        return False
    worked: list[tuple[ProviderEvent, EventOutcome]] = []
    for event, outcome in zip(events, outcomes, strict=True):
        if isinstance(outcome, UtsavamError):
            _fail(event, outcome)
        else:
            worked.append((event, outcome))
    _note(worked)
    return True


def _work(desk: BookingDesk, event: ProviderEvent) -> None:
    name = PaymentProvider(event.provider)
    try:
        outcome = _settle(desk, name, event.body or {})
    except Exception as error:
        _fail(event, error)
    else:
        _note([(event, outcome)])


def _note(worked: Sequence[tuple[ProviderEvent, EventOutcome]]) -> None:
    """Note that the events were worked, and what followed."""
    by_outcome: dict[EventOutcome, list[tuple[str, str]]] = {}
    for event, outcome in worked:
        by_outcome.setdefault(outcome, []).append((event.provider, event.event_id))
    with transaction() as session:
        for outcome, keys in by_outcome.items():
            which = tuple_(ProviderEvent.provider, ProviderEvent.event_id).in_(keys)
            done = update(ProviderEvent).where(which).values(worked_at=now(), outcome=outcome.value)
            session.execute(done, execution_options={"synchronize_session": False})
    for event, outcome in worked:
        facts = {**_facts_to_log(event), "outcome": outcome}
        log.info("A payment provider's word was worked", extra=facts)


def _fail(event: ProviderEvent, error: Exception) -> None:
    """Work the event later."""
    _put_off(event)
    facts = {**_facts_to_log(event), "error": type(error).__name__}
    log.warning("What a payment provider told could not be worked", extra=facts)


def _facts_to_log(event: ProviderEvent) -> dict[str, str]:
    return {"provider": event.provider, "event": event.event_id, "kind": event.kind}


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
