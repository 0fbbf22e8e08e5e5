"""Tickets by their secret addresses: whoever has one sees its booking, and nothing else."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import BookingNotFound, TicketNotFound
from app.models import Booking
from app.models.staff_scope import require_event
from app.presenters.ticket_addresses import opens, reference_in
from app.services import audit, lookups

MAX_FOUND = 50


def find_ticket(secret: str) -> Booking:
    """Return the booking that the secret opens, with event and user. Raises `TicketNotFound`."""
    found = find_tickets([secret])
    if not found:
        raise TicketNotFound
    return found[0]


def find_tickets(secrets: Iterable[str]) -> list[Booking]:
    """Return the bookings that the secrets open, those of the soonest events first."""
    by_reference = {reference_in(secret): secret for secret in secrets}
    by_reference.pop(None, None)
    wanted = [reference for reference in by_reference if reference][:MAX_FOUND]
    found = [b for b in lookups.bookings_of(wanted) if opens(by_reference[b.reference], b)]
    return sorted(found, key=lambda booking: (booking.event.start_at, booking.id))


def replace_address(booking_id: int) -> Booking:
    """End the ticket's secret address, and give it another one; raises `BookingNotFound`."""
    with transaction() as session:
        booking = _locked(session, booking_id)
        require_event(booking.event_id)
        booking.address_version += 1
        audit.record("booking.address_replaced", booking)
    return booking


def _locked(session: Session, booking_id: int) -> Booking:
    booking = session.get(Booking, booking_id, with_for_update=True, populate_existing=True)
    if booking is None:
        raise BookingNotFound(booking_id)
    return booking
