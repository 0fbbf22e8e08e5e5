"""The sums of money: booked, to come, paid, refunded, owed and kept, as docs/money.md defines them.

All that shows them asks here. They are told by currency, and never added across currencies.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.booking.paid_rows import cost
from app.db import db
from app.models import (
    Booking,
    BookingStatus,
    Event,
    EventStatus,
    KeptAmount,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from app.models.staff_scope import within
from app.services.events import get_event


class Figures(NamedTuple):
    """In the smallest unit of one currency."""

    booked: int = 0
    """What the standing bookings cost, paid here or elsewhere. Nothing stands of an event that is
    cancelled."""
    to_come: int = 0
    """What the reserved ones cost."""
    paid: int = 0
    """All that has come by payments here."""
    refunded: int = 0
    """What of it was paid back."""
    owed: int = 0
    """What of it is to be paid back."""
    kept: int = 0
    """What the organiser keeps of it for seats that were given back."""
    fees: int = 0
    """The part of `booked` that is fees."""

    @property
    def stays(self) -> int:
        """What stays of what was paid: `booked` and `kept`, if the event is paid here alone."""
        return self.paid - self.refunded - self.owed

    @property
    def owed_if_cancelled(self) -> int:
        """What of it would be owed if the event was cancelled now."""
        return self.stays - self.kept


Money = Mapping[str, Figures]
"""Figures by currency, in the order of their codes."""


def figures_of(event_id: int) -> Figures:
    """Sum the event's money in its own currency, which can't change once anything is booked.

    Raises `EventNotFound`.
    """
    return money_of(event_id)[get_event(event_id, drafts=True).currency]


def money_of(event_id: int) -> Money:
    """Sum the event's money; its own currency is first, and there even if there is none.

    There are others if somebody paid in another, which is owed back. Raises `EventNotFound`.
    """
    event = get_event(event_id, drafts=True)
    found = _sum(Event.id == event_id).get(event_id, {})
    return {event.currency: Figures(), **found}


def by_event(event_ids: Collection[int] | None = None) -> Mapping[int, Money]:
    """The money of these events, or of all that staff may see; of those alone that are paid here:
    first, or by a payment that has come."""
    paid_here = or_(Event.payment_minutes.is_not(None), Event.id.in_(_with_payments()))
    chosen = and_(paid_here, within(Event.id))
    return _sum(chosen if event_ids is None else and_(chosen, Event.id.in_(event_ids)))


def total(money: Iterable[Money]) -> Money:
    """Add the figures of each currency."""
    sums: dict[str, Figures] = {}
    for one in money:
        for currency, figures in one.items():
            before = sums.get(currency, Figures())
            sums[currency] = Figures(*map(sum, zip(before, figures, strict=True)))
    return {currency: sums[currency] for currency in sorted(sums)}


def fees() -> ColumnElement[int]:
    """What of a booking's cost is fees."""
    return cast(Booking.seats, BigInteger) * Booking.fee_minor


def counts_as_booked() -> ColumnElement[bool]:
    """Whether a booking's cost is booked; in a query that is joined with its event."""
    return and_(Booking.is_confirmed, Event.status != EventStatus.CANCELLED.value)


def _sum(chosen: ColumnElement[bool]) -> dict[int, dict[str, Figures]]:
    """The figures of the events chosen, by event and currency."""
    events = select(Event.id).where(chosen)
    parts = union_all(
        _of_bookings(events), _of_payments(events), _of_refunds(events), _of_kept(events)
    ).subquery()
    sums = [cast(func.sum(parts.c[name]), BigInteger) for name in Figures._fields]
    query = select(parts.c.event_id, parts.c.currency, *sums)
    query = query.group_by(parts.c.event_id, parts.c.currency)
    found: dict[int, dict[str, Figures]] = {}
    rows = db.session.execute(query.order_by(parts.c.event_id, parts.c.currency))
    for event_id, currency, *figures in rows:
        found.setdefault(event_id, {})[currency] = Figures(*figures)
    return found


def _part(currency: Any, **figures: Any) -> list[Any]:
    """The columns of a part of the sums: the figures named, and nothing of the others."""
    sums = {name: func.coalesce(func.sum(value), 0) for name, value in figures.items()}
    columns = (cast(sums.get(name, literal(0)), BigInteger).label(name) for name in Figures._fields)
    return [Booking.event_id, currency.label("currency"), *columns]


def _of_bookings(events: Select[int]) -> Select[Any]:
    reserved = Booking.status == BookingStatus.RESERVED.value
    figures = {
        "booked": case((counts_as_booked(), cost())),
        "fees": case((counts_as_booked(), fees())),
        "to_come": case((reserved, cost())),
    }
    return (
        select(*_part(Booking.currency, **figures))
        .join(Booking.event)
        .where(Booking.takes_seats, Booking.price_minor > 0, Booking.event_id.in_(events))
        .group_by(Booking.event_id, Booking.currency)
    )


def _of_payments(events: Select[int]) -> Select[Any]:
    return (
        select(*_part(Payment.currency, paid=Payment.amount_minor))
        .join(Payment.booking)
        .where(Payment.state == PaymentState.PAID.value, Booking.event_id.in_(events))
        .group_by(Booking.event_id, Payment.currency)
    )


def _of_refunds(events: Select[int]) -> Select[Any]:
    done, amount = Refund.state == RefundState.PAID_BACK.value, Refund.amount_minor
    return (
        select(*_part(Refund.currency, refunded=case((done, amount)), owed=case((~done, amount))))
        .join(Refund.payment)
        .join(Payment.booking)
        .where(Booking.event_id.in_(events))
        .group_by(Booking.event_id, Refund.currency)
    )


def _of_kept(events: Select[int]) -> Select[Any]:
    return (
        select(*_part(KeptAmount.currency, kept=KeptAmount.amount_minor))
        .join(KeptAmount, KeptAmount.booking_id == Booking.id)
        .where(Booking.event_id.in_(events))
        .group_by(Booking.event_id, KeptAmount.currency)
    )


def _with_payments() -> Select[int]:
    """The events for which a payment has come."""
    came = select(Booking.event_id).join(Payment, Payment.booking_id == Booking.id)
    return came.where(Payment.state == PaymentState.PAID.value)
