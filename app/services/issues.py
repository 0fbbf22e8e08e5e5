"""Bookings that staff make for guests: ordinary ones, free ones, of held seats, past the limit."""

import hashlib
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from app.booking import issues
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.issues import Issue
from app.booking.orders import Booked
from app.db import transaction
from app.errors import IdempotencyKeyReused
from app.models import Booking, Happened, Hold
from app.models.staff_scope import require_event
from app.services import audit, bookings, outbox, room_exemptions
from app.services.accounts import constraint_of

_KEY = "uq_bookings_user_id_idempotency_key"


def issue(desk: BookingDesk, event_id: int, wanted: Issue) -> Booked:
    """Book seats for a guest, who needs no account; the booking and what it is taken from change
    in one transaction. What a guest might have booked alone is counted like a guest's.

    Repeating a request with the same idempotency key returns the same booking. Raises what
    `app.booking.issues.issue` raises.
    """
    require_event(event_id)
    if wanted.is_special:
        booked = _issue(desk, event_id, wanted)
    else:
        booked = desk.counted(event_id, wanted.seats, lambda: _issue(desk, event_id, wanted))
    if not booked.replayed:
        room_exemptions.count(event_id, wanted.seats)
    return booked


def send_ticket(booking_id: int) -> Booking:
    """Send the guest their ticket by mail, once more or to a mended address.

    Raises `BookingNotFound`.
    """
    booking = bookings.get_booking(booking_id)
    with transaction():
        audit.record("booking.ticket_sent", booking, after={"email": booking.user.email})
        _send(booking)
    return booking


@retry_if_ended
def _issue(desk: BookingDesk, event_id: int, wanted: Issue) -> Booked:
    if wanted.idempotency_key is not None:
        wanted = replace(wanted, fingerprint=_fingerprint(event_id, wanted))
    try:
        with desk.changing(event_id) as changes:
            booked, hold = issues.issue(changes, event_id, wanted)
            if not booked.replayed:
                booking = changes.session.get_one(Booking, booked.booking.id)
                facts = _facts(wanted, booking, booked.booking.ticket_type, hold)
                audit.record(_action(wanted), booking, after=facts)
                _send(booking)
    except IntegrityError as error:
        # Used at the same moment for another event, which another row's lock guards.
        if constraint_of(error) == _KEY:
            raise IdempotencyKeyReused from None
        raise
    return booked


def _send(booking: Booking) -> None:
    outbox.note(Happened.BOOKED, event_id=booking.event_id, booking_ids=[booking.id])


def _action(wanted: Issue) -> str:
    return "booking.issued" if wanted.is_special or wanted.issued_for else "booking.made"


def _facts(
    wanted: Issue, booking: Booking, ticket_type: str | None, hold: Hold | None
) -> dict[str, object]:
    source = {"hold": hold.name} if hold else {"from_held": wanted.from_held}
    return {
        "seats": wanted.seats,
        **({"ticket_type": ticket_type} if ticket_type else {}),
        "email": wanted.email,
        "issued_for": booking.issued_for,
        "free": wanted.free,
        "past_limit": wanted.past_limit,
        **source,
    }


def _fingerprint(event_id: int, wanted: Issue) -> str:
    """A digest of what was requested with an idempotency key, which is unique per user."""
    asked: tuple[object, ...]
    asked = (event_id, wanted.seats, wanted.hold_id, wanted.from_held, wanted.free)
    if wanted.ticket_type_id is not None:
        asked = (*asked, wanted.ticket_type_id)
    return hashlib.sha256(repr(asked).encode()).hexdigest()
