"""What a waiting room did in each minute, kept in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db import db
from app.models import RoomMinute
from app.waiting_room.reports import Together
from app.waiting_room.rooms import Look, moment

KEPT = timedelta(days=30)
SHOWN = timedelta(hours=1)


@dataclass(frozen=True)
class Minute:
    """What one minute did."""

    at: datetime
    """Its end."""
    joined: int
    admitted: int
    came: int
    booked: int
    per_minute: int
    """The pace at its end."""


def keep(look: Look, together: Together) -> None:
    """Keep what the room has come to by the end of the minute that has just passed."""
    room, at = look.room, moment(look.now // 60 * 60)
    facts = {
        "epoch": room.epoch,
        "arrived": room.arrived,
        "admitted": min(int(room.served(look.now)), room.arrived),
        "came": together.came,
        "booked": together.booked,
        "per_second": room.per_second,
    }
    with Session(db.engine) as session, session.begin():
        row = insert(RoomMinute).values(event_id=room.event_id, at=at, **facts)
        session.execute(row.on_conflict_do_update(index_elements=["event_id", "at"], set_=facts))
        old = (RoomMinute.event_id == room.event_id, RoomMinute.at < at - KEPT)
        session.execute(delete(RoomMinute).where(*old))


def last_hour(event_id: int) -> list[Minute]:
    """Return the minutes of the last hour that were kept, oldest first.

    One that was missed is part of the next.
    """
    since = datetime.now(UTC) - SHOWN - timedelta(minutes=1)
    wanted = select(RoomMinute).where(RoomMinute.event_id == event_id, RoomMinute.at > since)
    rows = db.session.scalars(wanted.order_by(RoomMinute.at)).all()
    found = []
    for before, row in pairwise([None, *rows]):
        if row is None or (before is None and len(rows) > SHOWN.seconds // 60):
            continue
        same = before if before and before.epoch == row.epoch else None
        found.append(_since(same, row))
    return found


def _since(before: RoomMinute | None, row: RoomMinute) -> Minute:
    names = {"joined": "arrived", "admitted": "admitted", "came": "came", "booked": "booked"}
    # Redis may have forgotten who came.
    did = {
        name: max(getattr(row, of) - (getattr(before, of) if before else 0), 0)
        for name, of in names.items()
    }
    return Minute(row.at, per_minute=round(row.per_second * 60), **did)


def by_minute(minutes: Sequence[Minute]) -> list[Minute]:
    """Return a minute for each from the first to the last, with nothing where none was kept."""
    known = {minute.at: minute for minute in minutes}
    found: list[Minute] = []
    at = minutes[0].at if minutes else None
    while at and at <= minutes[-1].at:
        pace = found[-1].per_minute if found else 0
        found.append(known.get(at) or Minute(at, 0, 0, 0, 0, pace))
        at += timedelta(minutes=1)
    return found
