"""Which payment brought a row of seats: its order's, or for a friend's seat the giver's order's."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, cast, exists, func, select
from sqlalchemy.orm import aliased

from app.models import Booking, Gift, Payment, PaymentState, Refund

_First = aliased(Booking, name="first")
"""Of the order, which payments name: its reference is the order's."""
_Whole = aliased(Refund, name="whole")
IS_OWED_WHOLE = exists().where(_Whole.payment_id == Payment.id, _Whole.booking_id.is_(None))
"""Of a payment that brought no seats: all of it is owed already, or was paid back."""


def paid_rows(events: Any) -> Select[int, int]:
    """Rows of these events' bookings, parts given back too, as `booking_id`, each with the payment
    that brought its seats as `payment_id`. `events` are ids, or a query of them."""
    root = _roots(events)
    origin = aliased(Booking, name="origin")
    base = func.coalesce(Booking.part_of, Booking.id)
    return (
        select(Booking.id.label("booking_id"), Payment.id.label("payment_id"))
        .select_from(Booking)
        .outerjoin(root, root.c.booking_id == base)
        .join(origin, origin.id == func.coalesce(root.c.root_id, base))
        .join(_First, _First.reference == func.coalesce(origin.order_reference, origin.reference))
        .join(Payment, Payment.booking_id == _First.id)
        .where(Booking.event_id.in_(events), Booking.price_minor > 0)
        .where(Payment.state == PaymentState.PAID.value, ~IS_OWED_WHOLE)
    )


def cost() -> ColumnElement[int]:
    """What all seats of a booking's row cost."""
    return cast(Booking.seats, BigInteger) * Booking.price_minor


def _roots(events: Any) -> Subquery:
    """For each seat that was given away, the booking that it was bought with."""
    steps = (
        select(Gift.booking_id, Gift.from_id.label("root_id"))
        .where(Gift.event_id.in_(events))
        .cte("steps", recursive=True)
    )
    steps = steps.union_all(
        select(steps.c.booking_id, Gift.from_id).join(Gift, Gift.booking_id == steps.c.root_id)
    )
    is_gift = exists().where(Gift.booking_id == steps.c.root_id)
    return select(steps.c.booking_id, steps.c.root_id).where(~is_gift).subquery("roots")
