"""Reservations whose time is over: their seats go on sale again."""

from sqlalchemy import select

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.models import Event
from app.models.columns import now


def expire_due(desk: BookingDesk, most: int = 100) -> int:
    """End the reservations that were not paid in time, of some events, each in a transaction of its
    own; returns of how many events.

    Orders that would lack those seats do so themselves: this is for pages and lists, and for
    letters.
    """
    query = select(Event.id).where(Event.next_expiry_at <= now(), Event.deleted_at.is_(None))
    event_ids = db.session.scalars(query.order_by(Event.next_expiry_at).limit(most)).all()
    db.session.rollback()
    for event_id in event_ids:
        _expire(event_id, desk)
    return len(event_ids)


@retry_if_ended
def _expire(event_id: int, desk: BookingDesk) -> None:
    with desk.changing(event_id):
        pass  # Whoever locks an event's row to change it ends what is due.
