"""Money for reservations that have ended: their seats are taken anew, if there are any."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.booking import holds, ticket_types, vouchers
from app.models import Booking, BookingStatus, Event, EventStatus, TicketType

_WAITED = {BookingStatus.RESERVED.value, BookingStatus.EXPIRED.value}


def take_anew(session: Session, event: Event, booking_ids: Iterable[int], at: datetime) -> bool:
    """Confirm bookings that were made together, and that are paid now, at the price of then.

    Seats of those that have expired are taken anew. Sales may be closed meanwhile. Returns whether
    it was done: not if one of them was cancelled or is confirmed already, the event was cancelled
    or is over, or seats are lacking, or uses of their voucher; nothing is changed then. The caller
    holds the event's row lock.
    """
    query = select(Booking).where(Booking.id.in_(list(booking_ids))).order_by(Booking.id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    bookings = session.scalars(query).all()
    if not all(booking.status in _WAITED for booking in bookings):
        return False
    if event.status == EventStatus.CANCELLED or event.deleted_at or event.is_over(at):
        return False
    expired = [one for one in bookings if one.status == BookingStatus.EXPIRED.value]
    kinds = [ticket_types.get_type(session, event, one.ticket_type_id) for one in expired]
    if _lacks_seats(event, expired, kinds) or not vouchers.take_anew(session, expired):
        return False
    for booking, kind in zip(expired, kinds, strict=True):
        holds.take_on_sale(event, booking.seats)
        ticket_types.take(event, kind, booking.seats)
    for booking in bookings:
        booking.status = BookingStatus.CONFIRMED.value
        booking.reserved_until, booking.created_at, booking.paid_at = None, at, at
    return True


def _lacks_seats(
    event: Event, bookings: Sequence[Booking], kinds: Sequence[TicketType | None]
) -> bool:
    if sum(booking.seats for booking in bookings) > event.seats_available:
        return True
    # An order names each type once.
    return any(
        kind is not None and kind.quota is not None and kind.taken + booking.seats > kind.quota
        for booking, kind in zip(bookings, kinds, strict=True)
    )
