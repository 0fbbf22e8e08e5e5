"""How fast a room's line goes on, and what those in it take: for what people are told."""

import math
import time
from typing import NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session

from app.db import db
from app.models import Booking, WaitingRoom
from app.models.booking import takes_seats
from app.waiting_room.estimates import (
    Outlook,
    PaceRange,
    Taking,
    outlook,
    pace_range,
    taking,
    wait_range,
)
from app.waiting_room.rooms import Look, moment

MAX_REMEMBERED = 100
Kept = TypeVar("Kept")

ASK_AGAIN_AFTER = 5.0
"""Seconds after which a database that was away is asked again: who waits need not wait for it."""

_sold_before: dict[int, int] = {}
"""By the room's epoch."""
_away_until: dict[int, float] = {}


class Prospect(NamedTuple):
    """What whoever has a place can expect."""

    before: int
    wait: tuple[float, float] | None
    seats: int
    taking: Taking | None
    outlook: Outlook | None


class _Expected(NamedTuple):
    """What is the same for everybody who waits."""

    pace: PaceRange | None
    taking: Taking | None


_expected: dict[int, tuple[tuple[int, ...], _Expected]] = {}
"""By the room's epoch: as of the last second, these settings and seats."""


def prospect(row: WaitingRoom, look: Look, place: int) -> Prospect:
    """Return what the holder of a place can expect whose turn has not come."""
    ahead = max(place - look.room.served(look.now), 0.0)
    before, seats = max(math.ceil(ahead) - 1, 0), row.event.seats_available
    pace, each = _expected_now(row, look, seats)
    wait = wait_range(ahead, pace) if pace else None
    return Prospect(before, wait, seats, each, outlook(before, seats, each) if each else None)


def prospect_of_newcomer(row: WaitingRoom, look: Look) -> Prospect | None:
    """Return what whoever joins now can expect; None in the lobby."""
    if look.room.opened_at is None:
        return None
    return prospect(row, look, look.room.arrived + 1)


def _expected_now(row: WaitingRoom, look: Look, seats: int) -> _Expected:
    """Reckon it once a second: many ask for pages of their own, and all for the same."""
    stands = row.paused or look.room.is_halted(look.now)
    as_of = int(look.now), row.revision, seats, stands
    found = _expected.get(row.epoch)
    if found is None or found[0] != as_of:
        pace = None if stands else expected_pace(row, look)
        found = as_of, _Expected(pace, taken_by_each(row, look, seats))
        _keep(_expected, row.epoch, found)
    return found[1]


def expected_pace(row: WaitingRoom, look: Look) -> PaceRange | None:
    """Return between which paces the line goes on, once it does; None while that is not known."""
    follows = row.measured or row.most_inside is not None
    return pace_range(look.room.paces, look.now, follows=follows)


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
        if time.monotonic() < _away_until.get(row.epoch, 0.0):
            return 0
        wanted = select(func.coalesce(func.sum(Booking.seats), 0)).where(
            Booking.event_id == row.event_id,
            Booking.created_at < moment(opened),
            takes_seats(Booking.status),
        )
        try:
            with Session(db.engine) as session:
                sold = session.scalars(wanted).one()
        except (DBAPIError, TimeoutError):
            _keep(_away_until, row.epoch, time.monotonic() + ASK_AGAIN_AFTER)
            return 0
        _keep(_sold_before, row.epoch, sold)
        return sold
    return _sold_before[row.epoch]


def _keep(known: dict[int, Kept], epoch: int, value: Kept) -> None:
    """Remember it, and so many rooms at most."""
    known[epoch] = value
    if len(known) > MAX_REMEMBERED:
        known.pop(next(iter(known)), None)
