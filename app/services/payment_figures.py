"""The sums of an event's money: booked, to come, paid, refunded, and owed."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, false, func, select

from app.db import db
from app.models import (
    Booking,
    BookingStatus,
    EventStatus,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from app.services.events import get_event


class Figures(NamedTuple):
    """In the smallest unit of the event's currency, which can't change once anything is booked."""

    booked: int
    """What the standing bookings cost, paid here or elsewhere."""
    to_come: int
    """What the reserved ones cost."""
    paid: int
    """All that has come by payments here."""
    refunded: int
    owed: int

    @property
    def kept(self) -> int:
        """What stays of what was paid."""
        return self.paid - self.refunded - self.owed


def figures_of(event_id: int) -> Figures:
    """Sum the event's money. Raises `EventNotFound`."""
    event = get_event(event_id, drafts=True)
    cost = cast(Booking.seats, BigInteger) * Booking.price_minor
    stands = Booking.is_confirmed if event.status != EventStatus.CANCELLED else false()
    booked, to_come = _row(
        select(
            _sum(cost, stands), _sum(cost, Booking.status == BookingStatus.RESERVED.value)
        ).where(Booking.event_id == event_id)
    )
    of_event = select(Booking.id).where(Booking.event_id == event_id)
    payments = select(Payment.id).where(Payment.booking_id.in_(of_event))
    (paid,) = _row(
        select(_sum(Payment.amount_minor, Payment.state == PaymentState.PAID.value)).where(
            Payment.booking_id.in_(of_event)
        )
    )
    refunded, owed = _row(
        select(
            _sum(Refund.amount_minor, Refund.state == RefundState.PAID_BACK.value),
            _sum(Refund.amount_minor, Refund.state == RefundState.OWED.value),
        ).where(Refund.payment_id.in_(payments))
    )
    return Figures(booked, to_come, paid, refunded, owed)


def _sum(value: Any, condition: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _row(query: Select[*tuple[Any, ...]]) -> tuple[int, ...]:
    return tuple(int(value) for value in db.session.execute(query).one())
