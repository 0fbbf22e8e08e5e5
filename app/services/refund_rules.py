"""The organiser's rule of how much comes back on cancelling: which one holds for a booking.

The rule that stands is the event's. What was agreed at booking holds for a booking, or a later rule
that gives more: so of all that stood since, at each moment the one that gives most.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db import db
from app.errors import InvalidField
from app.lib.refund_steps import BadRule, Period, check_rule, left_of, periods_of, steps_of
from app.models import Booking, Event, EventStatus, RefundRule
from app.models.columns import now

GRACE = timedelta(hours=1)
"""Who had the event's page open when its rule changed books by the rule that it told."""


def check(event: Event) -> None:
    """Raise `InvalidField` for a rule that is none."""
    try:
        check_rule(steps_of(event.refund_rule))
    except (BadRule, KeyError, TypeError) as error:
        message = str(error) if isinstance(error, BadRule) else "is no list of steps"
        raise InvalidField("refund_rule", message) from None


def note_change(session: Session, event: Event, before: Mapping[str, Any], at: datetime) -> None:
    """Keep the rule that stood before the event was changed, for those who booked by it.

    The caller holds the event's row lock, so that each booking came before the change or after it.
    Of a draft nobody has seen a rule.
    """
    if "refund_rule" not in before or before.get("status", event.status) == EventStatus.DRAFT:
        return
    last = select(func.coalesce(func.max(Booking.id), 0)).where(Booking.event_id == event.id)
    rule = RefundRule(
        event_id=event.id,
        steps=before["refund_rule"],
        stood_until=at,
        last_booking_id=session.scalars(last).one(),
    )
    session.add(rule)


def periods_for(booking: Booking, event: Event, session: Session | None = None) -> list[Period]:
    """What comes back until when of what a booking cost; of a friend's seat, give the booking that
    it was bought with."""
    query = select(RefundRule.steps).where(
        RefundRule.event_id == event.id,
        or_(
            RefundRule.last_booking_id >= booking.id,
            RefundRule.stood_until > booking.created_at - GRACE,
        ),
    )
    former = (session or db.session).scalars(query).all()
    rules = [steps_of(rule) for rule in (*former, event.refund_rule)]
    return periods_of(rules, event.start_at, event.zone, event.cancellable_until)


def told_for(booked: Sequence[Booking]) -> list[Period]:
    """What comes back until when, from now on, of what bookings of one order cost, by what was
    agreed; nothing if they are free, or their event does not tell it."""
    paid = [booking for booking in booked if booking.price_minor and booking.event.tells_refunds]
    return left_of(periods_for(paid[0], paid[0].event), now()) if paid else []
