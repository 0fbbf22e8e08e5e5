"""Check each event's money: what was paid has brought seats or is owed back, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from app.booking.paid_rows import IS_OWED_WHOLE, cost, paid_rows
from app.db import db
from app.models import (
    AuditEntry,
    Booking,
    Event,
    EventStatus,
    Gift,
    KeptAmount,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from app.models.columns import now
from app.models.payment import ONLINE

STUCK_AFTER = timedelta(days=1)
"""How long a provider may take to pay back before it is named."""
BY_STAFF = ("booking.issued", "booking.made", "booking.walked_in")
"""How staff book seats that are paid at the door or elsewhere, by their names in the audit log."""


@dataclass(frozen=True)
class MoneyFaults:
    """Of one event, how many rows break each rule."""

    unpaid: int = 0
    """Bookings that are confirmed, were to be paid first, and have no payment."""
    without_seats: int = 0
    """Payments that have brought no seats, and are not owed back."""
    above: int = 0
    """Payments of which more is, or was, to be paid back than has come."""
    differing: int = 0
    """Payments of which something else stays than their seats cost: booked or kept."""
    stuck: int = 0
    """Refunds that their provider owes for more than a day: no fault of the books."""

    @property
    def broken(self) -> bool:
        return any((self.unpaid, self.without_seats, self.above, self.differing))


def money_faults(first_id: int, last_id: int) -> Mapping[int, MoneyFaults]:
    """Return the faults of the events with ids from `first_id` to `last_id`, without those that
    have none."""
    events = select(Event.id).where(Event.id.between(first_id, last_id))
    counted: dict[int, dict[str, int]] = {}
    queries: list[Select[*tuple[Any, ...]]] = [
        _unpaid(events),
        _of_payments(events),
        _stuck(events),
    ]
    for query in queries:
        for event_id, *counts in db.session.execute(query):
            names = [column["name"] for column in query.column_descriptions[1:]]
            found = {name: count for name, count in zip(names, counts, strict=True) if count}
            counted.setdefault(event_id, {}).update(found)
    return {event_id: MoneyFaults(**found) for event_id, found in counted.items() if found}


def _unpaid(events: Select[int]) -> Select[int, int]:
    """Confirmed bookings that a payment brought, or that were to be paid first, without one."""
    set_at = (
        select(func.max(AuditEntry.at))
        .where(AuditEntry.subject == "event", AuditEntry.subject_id == Event.id)
        .where(AuditEntry.after.has_key("payment_minutes"))
        .scalar_subquery()
    )
    by_staff = exists().where(
        AuditEntry.subject == "booking",
        AuditEntry.subject_id == Booking.id,
        AuditEntry.action.in_(BY_STAFF),
    )
    to_be_paid_first = and_(
        Event.payment_minutes.is_not(None),
        Booking.created_at >= func.coalesce(set_at, Event.created_at),
        ~exists().where(Gift.booking_id == Booking.id),
        ~by_staff,
    )
    paid = paid_rows(events).subquery()
    return (
        select(Booking.event_id, func.count().label("unpaid"))
        .join(Booking.event)
        .where(Booking.event_id.in_(events), Booking.is_confirmed, Booking.price_minor > 0)
        .where(or_(Event.payment_minutes.is_not(None), Booking.is_paid))
        .where(Booking.id.not_in(select(paid.c.booking_id)))
        .where(or_(Booking.is_paid, to_be_paid_first))
        .group_by(Booking.event_id)
    )


def _of_payments(events: Select[int]) -> Select[*tuple[Any, ...]]:
    brought, back = _brought(events).subquery(), _back(events).subquery()
    rows, seats = func.coalesce(brought.c.rows, 0), func.coalesce(brought.c.seats, 0)
    stays = Payment.amount_minor - func.coalesce(back.c.amount, 0)
    has_effect = or_(rows > 0, IS_OWED_WHOLE)
    rules: dict[str, ColumnElement[bool]] = {
        "without_seats": ~has_effect,
        "above": stays < 0,
        "differing": and_(has_effect, stays >= 0, stays != seats),
    }
    counts: list[Any] = [func.count().filter(rule).label(name) for name, rule in rules.items()]
    return (
        select(Booking.event_id, *counts)
        .join(Payment.booking)
        .outerjoin(brought, brought.c.payment_id == Payment.id)
        .outerjoin(back, back.c.payment_id == Payment.id)
        .where(Payment.state == PaymentState.PAID.value, Booking.event_id.in_(events))
        .group_by(Booking.event_id)
    )


def _brought(events: Select[int]) -> Select[*tuple[Any, ...]]:
    """By payment, how many rows of seats it brought, and what should stay of it: what its standing
    seats cost, and what is kept of others."""
    stands = and_(Booking.is_confirmed, Event.status != EventStatus.CANCELLED.value)
    given_back = and_(Booking.cancelled_at.is_not(None), Booking.reserved_until.is_(None))
    kept = func.coalesce(KeptAmount.amount_minor, 0)
    # Each row by one payment: another of the same order has brought nothing.
    first = func.min(Payment.id).label("payment_id")
    of_row = paid_rows(events).with_only_columns(Booking.id, first).group_by(Booking.id).subquery()
    payment_id = of_row.c.payment_id
    return (
        select(
            payment_id,
            func.count().label("rows"),
            func.sum(case((stands, cost()), (given_back, kept), else_=0)).label("seats"),
        )
        .join(Booking, Booking.id == of_row.c.id)
        .join(Booking.event)
        .outerjoin(KeptAmount, KeptAmount.booking_id == Booking.id)
        .where(or_(Booking.is_confirmed, given_back))
        .group_by(payment_id)
    )


def _back(events: Select[int]) -> Select[int, int]:
    """By payment, what of it is owed back or was paid back."""
    return (
        select(Refund.payment_id, func.sum(Refund.amount_minor).label("amount"))
        .join(Refund.payment)
        .join(Payment.booking)
        .where(Booking.event_id.in_(events))
        .group_by(Refund.payment_id)
    )


def _stuck(events: Select[int]) -> Select[int, int]:
    return (
        select(Booking.event_id, func.count().label("stuck"))
        .select_from(Refund)
        .join(Refund.payment)
        .join(Payment.booking)
        .where(Refund.state == RefundState.OWED.value, Payment.provider.in_(ONLINE))
        .where(Refund.created_at < now() - STUCK_AFTER, Booking.event_id.in_(events))
        .group_by(Booking.event_id)
    )
