"""What an organiser sees of a waiting room while it is on, and does about its pace."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import redis

from app.db import db
from app.errors import RoomNotFound
from app.models import WaitingRoom
from app.models.waiting_room import MAX_PER_MINUTE
from app.services.room_list import RoomList
from app.services.room_minutes import Minute, last_hour
from app.services.room_settings import change_room
from app.waiting_room.pacing import Source, Why
from app.waiting_room.reports import Reports, Told
from app.waiting_room.state import Room

FASTER, SLOWER = 1.25, 0.75


class Step(StrEnum):
    """What an organiser does about the pace."""

    PAUSE = "pause"
    RESUME = "resume"
    FASTER = "faster"
    SLOWER = "slower"
    MEASURED = "measured"


@dataclass(frozen=True)
class Overview:
    """A room as its organiser sees it."""

    row: WaitingRoom
    room: Room
    live: bool
    """False while Redis is away: what was known last."""
    halted: bool
    """Whether the line stands still, as the database is away."""
    served: int
    """Those who joined and have had their turn."""
    told: Told = field(default_factory=Told)
    """What all processes have seen; nothing of it while Redis is away."""

    @property
    def waiting(self) -> int:
        return self.room.arrived - self.served

    @property
    def in_lobby(self) -> bool:
        return self.room.opened_at is None

    @property
    def per_minute(self) -> float:
        """The pace of now."""
        return self.room.per_second * 60

    @property
    def why(self) -> Why:
        """What the pace follows from."""
        if self.row.paused:
            return Why.PAUSED
        if self.told.why in {Why.STRAINED, Why.INSIDE, Why.COMING}:
            return self.told.why
        return Why.MEASURED if self.row.measured else Why.SET

    @property
    def strained_by(self) -> Source | None:
        return self.told.strained_by if self.why == Why.STRAINED else None


def overview(known: RoomList, reports: Reports, event_id: int) -> Overview | None:
    """Return how people wait for the event now; None if nobody has to."""
    row = known.row(event_id)
    if row is None:
        return None
    look = known.rooms.look(row)
    served = min(int(look.room.served(look.now)), look.room.arrived)
    told = Told()
    if look.live:
        with contextlib.suppress(redis.RedisError, ValueError):
            told = reports.told(event_id, row.epoch)
    halted = look.room.is_halted(look.now) or known.is_database_away()
    return Overview(row, look.room, look.live, halted, served, told)


def minutes(event_id: int) -> Sequence[Minute]:
    """Return what each minute of the last hour did, oldest first."""
    return last_hour(event_id)


def change_pace(known: RoomList, event_id: int, step: Step) -> WaitingRoom:
    """Pause, resume, or change the pace of now, which is set from then on.

    Raises `EventNotFound`, and `RoomNotFound` if it never had a room.
    """
    return change_room(known, event_id, _changes(known, event_id, step))


def _changes(known: RoomList, event_id: int, step: Step) -> Mapping[str, Any]:
    if step in {Step.PAUSE, Step.RESUME}:
        return {"paused": step == Step.PAUSE}
    if step == Step.MEASURED:
        return {"measured": True}
    row = known.row(event_id) or db.session.get(WaitingRoom, event_id)
    if row is None:
        raise RoomNotFound(event_id)
    now = row.start_per_second * 60 if row.measured else row.per_minute
    if row.measured and row.waits:
        now = known.rooms.look(row).room.per_second * 60 or now
    wanted = now * (FASTER if step == Step.FASTER else SLOWER)
    # One more or less, where a quarter of it is less than one.
    wanted = max(round(wanted), now + 1) if step == Step.FASTER else min(round(wanted), now - 1)
    return {"per_minute": int(min(max(wanted, 1), MAX_PER_MINUTE))}
