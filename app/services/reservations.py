"""Reservations whose time is over: their seats go on sale again."""

from collections.abc import Sequence

from sqlalchemy import select

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.models import Event
from app.models.columns import now

MOST = 100
"""Events that are looked at together."""


def expire_due(desk: BookingDesk) -> int:
    """End the reservations that were not paid in time, of some events; returns of how many events.

    Orders that would lack those seats do so themselves: this is for pages and lists, and for
    letters.
    """
    event_ids = due_events()
    for event_id in event_ids:
        expire(event_id, desk)
    return len(event_ids)


def due_events() -> Sequence[int]:
    """The events with reservations that may have ended; the first of many."""
    query = select(Event.id).where(Event.next_expiry_at <= now(), Event.deleted_at.is_(None))
    found = db.session.scalars(query.order_by(Event.next_expiry_at).limit(MOST)).all()
    db.session.rollback()
    return found


@retry_if_ended
def expire(event_id: int, desk: BookingDesk) -> None:
    """End the event's reservations that were not paid in time, in a transaction of its own."""
    with desk.changing(event_id):
        pass  # Whoever locks an event's row to change it ends what is due.
