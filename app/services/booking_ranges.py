"""All bookings of an event, some thousand at a time, for statements that change each of them."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import Booking

BATCH = 5_000


def booking_ranges(session: Session, event_id: int) -> Iterator[ColumnElement[bool]]:
    """Conditions that hold for `BATCH` of the event's bookings each, and together for all.

    The database finds where they end: whoever reads a hundred thousand ids under the event's lock
    leaves it waiting for longer than a connection of the ledger may idle.
    """
    last = 0
    while True:
        some = select(Booking.id).where(Booking.event_id == event_id, Booking.id > last)
        some_ids = some.order_by(Booking.id).limit(BATCH).subquery()
        end = session.scalars(select(func.max(some_ids.c.id))).one()
        if end is None:
            return
        yield (Booking.event_id == event_id) & Booking.id.between(last + 1, end)
        last = end
