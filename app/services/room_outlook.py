"""How fast a room's line goes on, and what those in it take: for what people are told."""

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session

from app.db import db
from app.models import Booking, WaitingRoom
from app.models.booking import takes_seats
from app.waiting_room.estimates import PaceRange, Taking, pace_range, taking
from app.waiting_room.rooms import Look, moment

MAX_REMEMBERED = 100

_sold_before: dict[int, int] = {}
"""By the room's epoch."""


def expected_pace(row: WaitingRoom, look: Look) -> PaceRange | None:
    """Return between which paces the line goes on, once it does; None while that is not known."""
    return pace_range(look.room.paces, look.now, follows=row.measured)


def taken_by_each(row: WaitingRoom, look: Look, left: int) -> Taking | None:
    """Return how many seats those take whose turn comes, of an event of which so many are left;
    None before the opening."""
    opened = look.room.opened_at
    if opened is None:
        return None
    sold = row.event.capacity - row.event.seats_held - left
    seats = max(sold - _sold_before_opening(row, opened), 0)
    return taking(look.room.paces, look.now, seats)


def _sold_before_opening(row: WaitingRoom, opened: float) -> int:
    """One query for each room and process; nothing, while the database is away."""
    if row.epoch not in _sold_before:
        wanted = select(func.coalesce(func.sum(Booking.seats), 0)).where(
            Booking.event_id == row.event_id,
            Booking.created_at < moment(opened),
            takes_seats(Booking.status),
        )
        try:
            with Session(db.engine) as session:
                sold = session.scalars(wanted).one()
        except (DBAPIError, TimeoutError):
            return 0
        while len(_sold_before) >= MAX_REMEMBERED:
            _sold_before.pop(next(iter(_sold_before)))
        _sold_before[row.epoch] = sold
    return _sold_before[row.epoch]
