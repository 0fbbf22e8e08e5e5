"""Why a code admits nobody at a door."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.booking import gifts
from app.models import Booking, BookingStatus, Event, EventStatus, NotValid
from app.models.references import TicketCode


def why_not(
    session: Session, event: Event, booking: Booking | None, code: TicketCode | None
) -> NotValid | None:
    """Return why the code admits nobody at the event's door; None if it may.

    The caller holds the booking's row lock.
    """
    if booking is None:
        return NotValid.UNKNOWN
    if booking.event_id != event.id:
        same_name = booking.event.name == event.name
        return NotValid.OTHER_DAY if same_name else NotValid.OTHER_EVENT
    if not booking.is_confirmed:
        return _why_gone(booking)
    if event.status == EventStatus.CANCELLED:
        return NotValid.EVENT_CANCELLED
    if code is None or code.seat is None or 1 <= code.seat <= booking.seats:
        return None
    return _why_left(session, booking, code.seat)


def _why_gone(booking: Booking) -> NotValid:
    """Why no seat of the booking admits anybody."""
    if booking.part_of is not None:
        return NotValid.GIVEN_BACK
    if booking.status in {BookingStatus.RESERVED.value, BookingStatus.EXPIRED.value}:
        return NotValid.NOT_PAID
    is_given_away = booking.status == BookingStatus.GIVEN_AWAY.value
    return NotValid.GIVEN_AWAY if is_given_away else NotValid.CANCELLED


def _why_left(session: Session, booking: Booking, seat: int) -> NotValid:
    """Why a booking that stands has no seat with this number."""
    if booking.seats_given_away and gifts.is_given_away(session, booking.id, seat):
        return NotValid.GIVEN_AWAY
    return NotValid.GIVEN_BACK if _was_sold(session, booking, seat) else NotValid.UNKNOWN


def _was_sold(session: Session, booking: Booking, seat: int) -> bool:
    """Whether the booking once had a seat with this number: those that left it were its last."""
    parts = select(func.coalesce(func.sum(Booking.seats), 0)).where(Booking.part_of == booking.id)
    left = session.scalars(parts).one() + booking.seats_given_away
    return 1 <= seat <= booking.seats + left
