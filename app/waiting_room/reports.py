"""What each process has seen of a waiting room in its last second, brought together in Redis."""

import os
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import redis

from app.booking.redis_keys import Names
from app.waiting_room.pacing import Decision, Source, Strain, Why
from app.waiting_room.state import Room

MAX_NOTED = 20_000
"""Places that a process keeps until its next report."""
KNOWN_AFTER, KNOWN_UNTIL = 120.0, 30.0
"""Of those whose turn came between so many seconds ago, it is known whether they have come."""
FEWEST_KNOWN = 20

_SCRIPT = Path(__file__).parent / "report.lua"


class Turn(NamedTuple):
    """Of whom something was seen."""

    event_id: int
    epoch: int
    place: int


class Noted:
    """Places that were seen here: of who came when their turn had come, and of who booked."""

    def __init__(self) -> None:
        self._came: deque[Turn] = deque(maxlen=MAX_NOTED)
        self._booked: deque[Turn] = deque(maxlen=MAX_NOTED)

    def came(self, turn: Turn) -> None:
        self._came.append(turn)

    def booked(self, turn: Turn) -> None:
        self._came.append(turn)
        self._booked.append(turn)

    def take(self) -> tuple[set[Turn], set[Turn]]:
        """Return those who came and those who booked since the last call."""
        came, booked = (
            {places.popleft() for _ in range(len(places))} for places in (self._came, self._booked)
        )
        return came, booked

    def give_back(self, came: set[Turn], booked: set[Turn]) -> None:
        self._came.extend(came)
        self._booked.extend(booked)


@dataclass(frozen=True)
class Report:
    """What a process has seen in its last second."""

    strain: Strain
    event_seconds: float = 0.0
    """How long the event's orders took."""
    orders: int = 0
    came: Sequence[int] = ()
    """Places whose turn had come, and who were seen."""
    booked: Sequence[int] = ()


@dataclass(frozen=True)
class Together:
    """What all processes have seen."""

    strain: Strain
    event_seconds: float
    orders: int
    """Orders of the event in a second."""
    came_lately: int
    came: int
    booked: int
    inside: int
    """Those whose turn has come and whose pass runs, and who have not booked."""
    shown: float
    """The share that came of those whose turn was some time ago; 1 if they were few."""
    slow_for: float
    """Seconds for which the event's orders took longer than the room allows."""
    calm_for: float
    """Seconds for which they did not, while nobody waited."""
    is_new_minute: bool
    wanted: float
    """The pace that was decided on last; it may differ too little to be told. 0 if none was."""


@dataclass(frozen=True)
class Told:
    """What was decided on last, and why: for the console."""

    came: int = 0
    """Those who were seen when their turn had come."""
    booked: int = 0
    inside: int = 0
    paying: int = 0
    """Reservations of the event that are not paid yet."""
    why: Why | None = None
    strained_by: Source | None = None


class Reports:
    """Brings reports to Redis; one instance per process."""

    def __init__(self, client: redis.Redis, names: Names) -> None:
        self._client, self._names = client, names
        self._script = client.register_script(_SCRIPT.read_text())

    def bring(
        self, room: Room, now: float, report: Report, *, slow_after: float
    ) -> Together | None:
        """Bring what this process has seen; return what all have, to one process each second.

        `slow_after` is the number of seconds from which on the event's orders are slow. Raises
        `redis.RedisError`.
        """
        served = min(int(room.served(now)), room.arrived)
        running = (int(room.served_by(now - room.pass_seconds)) + 1, served)
        known = (
            int(room.served_by(now - KNOWN_AFTER)) + 1,
            min(int(room.served_by(now - KNOWN_UNTIL)), room.arrived),
        )
        calm = int(served >= room.arrived and not report.strain.source)
        strain = report.strain
        told = (strain.desk, strain.pages, strain.lag, report.event_seconds, report.orders)
        numbers = " ".join(f"{number:.3f}" for number in told)
        args: list[str | int | float] = [room.epoch, _process(), numbers, slow_after]
        args += [calm, *running, *known, len(report.came), *report.came, *report.booked]
        keys = self.keys(room.event_id)
        try:
            answer = self._script(keys=keys, args=args)
        except redis.ResponseError:
            # A key holds something else: the next report finds none.
            self._client.delete(*keys)
            raise
        return _together(answer[1:], running, known) if answer[0] else None

    def tell(self, event_id: int, together: Together, decision: Decision, paying: int) -> None:
        """Keep for the console why the pace is what it is. Raises `redis.RedisError`."""
        facts: dict[str, str | int | float] = {"why": decision.why.value}
        facts |= {"strained_by": together.strain.source or "", "shown": together.shown}
        facts |= {"inside": together.inside, "paying": paying, "wanted": decision.per_second}
        key = self.keys(event_id)[0]
        self._client.hset(key, mapping={f"told {name}": value for name, value in facts.items()})

    def told(self, event_id: int, epoch: int) -> Told:
        """Return what was told of this room last. Raises `redis.RedisError`."""
        found = self._client.hgetall(self.keys(event_id)[0])
        facts = {_text(name): _text(value) for name, value in found.items()}
        if facts.get("epoch") != str(epoch):
            return Told()
        why, source = facts.get("told why"), facts.get("told strained_by")
        return Told(
            came=int(facts.get("came", 0)),
            booked=int(facts.get("booked", 0)),
            inside=int(facts.get("told inside", 0)),
            paying=int(facts.get("told paying", 0)),
            why=Why(why) if why else None,
            strained_by=Source(source) if source else None,
        )

    def keys(self, event_id: int) -> list[str]:
        """The room's figures, the places that came, and those that booked: a bit for each."""
        key = self._names.of(f"{{event:{event_id}}}:waiting-room")
        return [f"{key}:figures", f"{key}:came", f"{key}:booked"]


def _together(answer: Sequence[Any], running: tuple[int, int], known: tuple[int, int]) -> Together:
    desk, pages, lag, event_seconds = map(float, answer[0].split())
    orders, lately, came, booked, booked_inside, have_come = map(int, answer[1:7])
    asked = _size(known)
    return Together(
        strain=Strain(desk, pages, lag),
        event_seconds=event_seconds,
        orders=orders,
        came_lately=lately,
        came=came,
        booked=booked,
        inside=_size(running) - booked_inside,
        shown=have_come / asked if asked >= FEWEST_KNOWN else 1.0,
        slow_for=float(answer[7]),
        calm_for=float(answer[8]),
        is_new_minute=bool(answer[9]),
        wanted=float(answer[10]),
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _size(places: tuple[int, int]) -> int:
    return max(places[1] - places[0] + 1, 0)
