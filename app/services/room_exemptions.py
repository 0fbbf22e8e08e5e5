"""What staff books past a waiting room: with their keys, on their pages and at the door."""

import logging
from typing import NamedTuple

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session

from app.db import db
from app.models import RoomMode, WaitingRoom

log = logging.getLogger(__name__)


class Exempted(NamedTuple):
    orders: int = 0
    seats: int = 0


def count(event_id: int, seats: int) -> None:
    """Count an order of staff, which is booked by now; nothing where the event has no room.

    What can't be counted stays booked, and is logged.
    """
    waits = or_(
        WaitingRoom.mode == RoomMode.ON,
        and_(WaitingRoom.mode == RoomMode.AUTO, WaitingRoom.auto_on),
    )
    more = {
        "exempt_orders": WaitingRoom.exempt_orders + 1,
        "exempt_seats": WaitingRoom.exempt_seats + seats,
    }
    try:
        with Session(db.engine) as session, session.begin():
            session.execute(
                update(WaitingRoom).where(WaitingRoom.event_id == event_id, waits).values(more)
            )
    except (DBAPIError, TimeoutError) as error:
        kind = type(error).__name__
        log.warning("%s seats past the room of event %s: not counted (%s)", seats, event_id, kind)


def exempted(event_id: int) -> Exempted:
    """Return what staff has booked past the event's room since it was turned on."""
    wanted = select(WaitingRoom.exempt_orders, WaitingRoom.exempt_seats)
    found = db.session.execute(wanted.where(WaitingRoom.event_id == event_id)).one_or_none()
    return Exempted(*found) if found else Exempted()
