"""Bookings made of another booking's seats: at its price, and made when it was, so that nothing
counts as sold once more."""

from datetime import datetime

from app.models import Booking, BookingStatus
from app.models.references import new_reference


def part_given_back(booking: Booking, seats: int, at: datetime) -> Booking:
    """A cancelled row for seats of a booking that stands for the others."""
    part = _of(booking, booking.user_id, seats)
    part.status, part.cancelled_at = BookingStatus.CANCELLED.value, at
    part.part_of = booking.id
    return part


def one_seat(booking: Booking, user_id: int) -> Booking:
    """A booking of one of its seats, for somebody else."""
    return _of(booking, user_id, 1)


def _of(booking: Booking, user_id: int, seats: int) -> Booking:
    return Booking(
        reference=new_reference(),
        user_id=user_id,
        event_id=booking.event_id,
        seats=seats,
        price_minor=booking.price_minor,
        fee_minor=booking.fee_minor,
        booked_in=booking.booked_in,
        ticket_type_id=booking.ticket_type_id,
        issued_for=booking.issued_for,
        voucher_id=booking.voucher_id,
        voucher_order=booking.voucher_order,
        created_at=booking.created_at,
        paid_at=booking.paid_at,
    )
