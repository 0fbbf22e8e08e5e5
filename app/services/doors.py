"""Whose door a member of staff stands at, and who is looked for there by name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select

from app.db import db
from app.models import Booking, BookingStatus, Event, EventStatus
from app.models.columns import now
from app.models.staff_scope import within
from app.services import admissions, booking_search

MAX_EVENTS = 50
AFTERWARDS = timedelta(hours=12)
"""For so long after its end an event's door is still listed: late guests, and what to look up."""


class Guest(NamedTuple):
    booking: Booking
    """With user and event."""
    seats_in: int


def list_events() -> Sequence[Event]:
    """The events whose doors the acting key opens, those that begin or began first."""
    wanted = (
        select(Event)
        .where(Event.deleted_at.is_(None), Event.status == EventStatus.PUBLISHED)
        .where(Event.are_to_come(now() - AFTERWARDS), within(Event.id))
        .order_by(Event.start_at, Event.id)
    )
    return db.session.scalars(wanted.limit(MAX_EVENTS)).all()


def find_guests(event_id: int, q: str, limit: int) -> list[Guest]:
    """The event's bookings that have these words, with how many of their seats are in.

    Raises `EventNotFound`.
    """
    status = BookingStatus.CONFIRMED.value
    page = booking_search.search_bookings_of_event(event_id, limit=limit, status=status, q=q)
    seats_in = admissions.seats_in(page.items)
    return [Guest(booking, seats_in.get(booking.id, 0)) for booking in page.items]
