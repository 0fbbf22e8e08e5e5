"""Reservations whose time is over: their seats go on sale again."""

from collections.abc import Sequence

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.models import Booking, BookingStatus, Event
from app.models.columns import now
from app.models.staff_scope import within

MOST = 100
"""Events that are looked at together."""


def due_events() -> Sequence[int]:
    """The events with reservations that may have ended; the first of many.

    Orders that would lack their seats end them themselves: this is for pages and lists, and for
    letters.
    """
    query = select(Event.id).where(Event.next_expiry_at <= now(), Event.deleted_at.is_(None))
    found = db.session.scalars(query.order_by(Event.next_expiry_at).limit(MOST)).all()
    db.session.rollback()
    return found


@retry_if_ended
def expire(event_id: int, desk: BookingDesk) -> None:
    """End the event's reservations that were not paid in time, in a transaction of its own."""
    with desk.changing(event_id):
        pass  # Whoever locks an event's row to change it ends what is due.


def count_unpaid(event_id: int) -> int:
    """Return how many of an event's reservations wait for their payment."""
    # As a literal, by which the partial index is found: it is asked each second.
    is_reserved = Booking.status == literal_column(f"'{BookingStatus.RESERVED}'")
    mine = (Booking.event_id == event_id, is_reserved)
    with Session(db.engine) as session:
        return session.scalar(select(func.count()).where(*mine)) or 0


def seats_reserved(event_ids: Sequence[int] | None = None) -> dict[int, int]:
    """How many seats wait for their payment, of these events or of all that the caller may see;
    those without any are left out."""
    wanted = (
        select(Booking.event_id, func.sum(Booking.seats))
        .where(Booking.status == BookingStatus.RESERVED.value, within(Booking.event_id))
        .group_by(Booking.event_id)
    )
    if event_ids is not None:
        wanted = wanted.where(Booking.event_id.in_(event_ids))
    return {row[0]: row[1] for row in db.session.execute(wanted)}
