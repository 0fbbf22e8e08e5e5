"""Check each event's money: what was paid has brought seats or is owed back, and nothing else."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    any_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

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

BATCH = 5_000
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
    counted: dict[int, Counter[str]] = {}
    for event_id in _unpaid(events):
        counted.setdefault(event_id, Counter())["unpaid"] += 1
    # Some thousand at a time, so that each statement ends in time.
    orders = db.session.scalars(_not_simple(events)).all()
    for first in range(0, len(orders), BATCH):
        query = _of_payments(events, orders[first : first + BATCH])
        names = [column["name"] for column in query.column_descriptions[1:]]
        for event_id, *counts in db.session.execute(query):
            found = dict(zip(names, counts, strict=True))
            counted.setdefault(event_id, Counter()).update(found)
    for event_id, count in db.session.execute(_stuck(events)):
        counted.setdefault(event_id, Counter())["stuck"] += count
    return {
        event_id: MoneyFaults(**found) for event_id, found in counted.items() if any(found.values())
    }


def _unpaid(events: Select[int]) -> Iterator[int]:
    """The events of confirmed bookings without a payment that one brought, or that were to be paid
    first; once for each booking."""
    suspects = db.session.execute(_without_own_payment(events)).all()
    for first in range(0, len(suspects), BATCH):
        some = suspects[first : first + BATCH]
        of_others = paid_rows(events).where(_is_of(Booking.id, [row.id for row in some]))
        paid = set(db.session.scalars(of_others.with_only_columns(Booking.id)))
        yield from (row.event_id for row in some if row.id not in paid)


def _is_of(column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(BigInteger)))
    return found


def _without_own_payment(events: Select[int]) -> Select[int, int]:
    """Bookings that need a payment and have none of their own: their order's first booking may, or
    the giver's."""
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
    own = exists().where(
        Payment.booking_id == Booking.id, Payment.state == PaymentState.PAID.value, ~IS_OWED_WHOLE
    )
    return (
        select(Booking.event_id, Booking.id)
        .join(Booking.event)
        .where(Booking.event_id.in_(events), Booking.is_confirmed, Booking.price_minor > 0)
        .where(or_(Event.payment_minutes.is_not(None), Booking.is_paid), ~own)
        .where(or_(Booking.is_paid, to_be_paid_first))
    )


def _not_simple(events: Select[int]) -> Select[int]:
    """The first bookings of orders whose payments need a closer look. Those of most need none: one
    payment of what one booking costs, which stands with all its seats."""
    other = aliased(Payment, name="other")
    of_payment = (exists().where(one.payment_id == Payment.id) for one in (Refund, KeptAmount))
    is_simple = and_(
        Booking.is_confirmed,
        Event.status != EventStatus.CANCELLED.value,
        Booking.order_reference.is_(None),
        Booking.seats_given_away == 0,
        cost() == Payment.amount_minor,
        *(~one for one in of_payment),
        ~exists().where(
            other.booking_id == Payment.booking_id,
            other.state == PaymentState.PAID.value,
            other.id != Payment.id,
        ),
    )
    return (
        select(Payment.booking_id)
        .distinct()
        .join(Payment.booking)
        .join(Booking.event)
        .where(Payment.state == PaymentState.PAID.value, Booking.event_id.in_(events), ~is_simple)
        .order_by(Payment.booking_id)
    )


def _of_payments(events: Select[int], orders: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """How many payments of these orders, by their first bookings, break each rule."""
    brought, back = _brought(events, orders).subquery(), _back(orders).subquery()
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
        .where(Payment.state == PaymentState.PAID.value, _is_of(Payment.booking_id, orders))
        .group_by(Booking.event_id)
    )


def _brought(events: Select[int], orders: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """By payment, how many rows of seats it brought, and what should stay of it: what its standing
    seats cost, and what is kept of others."""
    stands = and_(Booking.is_confirmed, Event.status != EventStatus.CANCELLED.value)
    given_back = and_(Booking.cancelled_at.is_not(None), Booking.reserved_until.is_(None))
    kept = func.coalesce(KeptAmount.amount_minor, 0)
    # Each row by one payment: another of the same order has brought nothing.
    first = func.min(Payment.id).label("payment_id")
    of_rows = paid_rows(events).where(_is_of(Payment.booking_id, orders))
    of_row = of_rows.with_only_columns(Booking.id, first).group_by(Booking.id).subquery()
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


def _back(orders: Sequence[int]) -> Select[int, int]:
    """By payment, what of it is owed back or was paid back."""
    return (
        select(Refund.payment_id, func.sum(Refund.amount_minor).label("amount"))
        .join(Refund.payment)
        .where(_is_of(Payment.booking_id, orders))
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
