"""Orders that are paid: the bookings that one order made, which are paid together."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from app.db import db
from app.models import Booking, BookingStatus, Payment, PaymentState
from app.models.payment import ToPay

WAITING = (BookingStatus.RESERVED.value, BookingStatus.EXPIRED.value)
"""A payment still brings seats, if there are any."""


@dataclass(frozen=True)
class PaidOrder:
    """The order's bookings, by id. Payments name the first, whose reference is the order's."""

    bookings: Sequence[Booking]

    @property
    def first(self) -> Booking:
        return self.bookings[0]

    @property
    def waiting(self) -> list[Booking]:
        """Those that are to be paid: what was cancelled meanwhile costs nothing."""
        return [one for one in self.bookings if one.status in WAITING]

    @property
    def is_reserved(self) -> bool:
        """Whether all that is to be paid has its seats still."""
        waiting = self.waiting
        reserved = BookingStatus.RESERVED.value
        return bool(waiting) and all(one.status == reserved for one in waiting)

    @property
    def is_paid(self) -> bool:
        """Whether it is confirmed, or was until its seats moved to somebody else."""
        paid = (BookingStatus.CONFIRMED.value, BookingStatus.GIVEN_AWAY.value)
        return any(one.status in paid for one in self.bookings)

    @property
    def amount_minor(self) -> int:
        """What is to be paid, in the smallest unit of `currency`."""
        return sum(one.total_minor for one in self.waiting)

    @property
    def currency(self) -> str:
        return self.first.currency


def lock_order(session: Session, booking: Booking) -> PaidOrder:
    """Lock the rows of the booking's order, and read them anew with their event."""
    query = _order(booking).with_for_update(of=Booking, key_share=True)
    return PaidOrder(session.scalars(query.execution_options(populate_existing=True)).all())


def lock_orders(session: Session, booking_ids: Sequence[int]) -> dict[int, PaidOrder]:
    """Lock the rows of these bookings' orders, and read them anew; by the bookings' ids."""
    asked = select(Booking.order_reference).where(
        Booking.id.in_(booking_ids), Booking.order_reference.is_not(None)
    )
    query = (
        select(Booking)
        .where(Booking.id.in_(booking_ids) | Booking.order_reference.in_(asked))
        .options(joinedload(Booking.event))
        # As whoever ends them locks them, so that the two never wait for each other.
        .order_by(Booking.reserved_until, Booking.id)
        .with_for_update(of=Booking, key_share=True)
        .execution_options(populate_existing=True)
    )
    orders: dict[str, list[Booking]] = {}
    for booking in session.scalars(query):
        orders.setdefault(booking.order_reference or booking.reference, []).append(booking)
    made = [PaidOrder(sorted(parts, key=lambda one: one.id)) for parts in orders.values()]
    return {booking.id: order for order in made for booking in order.bookings}


def find_order(booking: Booking) -> PaidOrder:
    """The booking's order as it is now."""
    return PaidOrder(db.session.scalars(_order(booking)).all())


def to_pay(booking: Booking) -> ToPay | None:
    """What is to be paid for the booking's order, and until when; None if nothing is.

    Of an order whose time is over, too: money may be on its way.
    """
    order = find_order(booking)
    if not order.waiting:
        return None
    claims = select(Payment.bank_reference).where(
        Payment.booking_id == order.first.id,
        Payment.state == PaymentState.PENDING.value,
        Payment.bank_reference.is_not(None),
    )
    return ToPay(
        order.first.reference,
        order.amount_minor,
        order.currency,
        order.waiting[0].reserved_until,
        order.is_reserved,
        db.session.scalars(claims.order_by(Payment.id.desc()).limit(1)).one_or_none(),
    )


def _order(booking: Booking) -> Select[Booking]:
    return (
        select(Booking)
        .where(_same_order(booking))
        .options(joinedload(Booking.event))
        .order_by(Booking.id)
    )


def _same_order(booking: Booking) -> ColumnElement[bool]:
    if booking.order_reference is None:
        return Booking.id == booking.id
    return Booking.order_reference == booking.order_reference
