"""A waiting room's state, and what follows from it: places, turns and passes."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from app.lib.draws import draw, draw_key

MAX_REMEMBERED_DRAWS = 8
"""Draws that a process remembers; one of twenty thousand people takes 160 KB."""


class Pace(NamedTuple):
    """From a moment on, so many places a second get their turn."""

    at: float
    """Unix time in seconds."""
    served: float
    """Places that had their turn by then."""
    per_second: float
    """0 while it is paused, or while nobody waits."""

    def served_at(self, now: float) -> float:
        return self.served + self.per_second * max(now - self.at, 0)


class Pass(NamedTuple):
    """From when to when a place may book, in Unix time."""

    begins: float
    ends: float

    def is_valid(self, now: float) -> bool:
        return self.begins <= now < self.ends


@dataclass(frozen=True)
class Room:
    """One event's waiting room as it was when it was read."""

    event_id: int
    epoch: int
    """Another for each room of the event: a ticket of a former one is worth nothing."""
    opens_at: float
    """Unix time in seconds at which places are drawn and the first turns begin."""
    pass_seconds: int
    arrived: int = 0
    """Numbers given out; the last one's number."""
    opened_at: float | None = None
    """None while it is a lobby."""
    lobby: int = 0
    """How many were there at the opening: numbers up to it are drawn, later ones are places."""
    mix: str = ""
    """What the browsers in the lobby have added to the draw."""
    seed: str | None = None
    """Known to all once the room has opened, and told to nobody before."""
    per_second: float = 0.0
    """The pace while people wait; 0 while it is paused."""
    paces: Sequence[Pace] = ()
    """The last one holds; those before it tell when the turns of the last minutes began."""

    halted_until: float = 0.0
    """Nobody's turn begins before this Unix time, as the desk was found down."""

    def is_halted(self, now: float) -> bool:
        return now < self.halted_until

    def served(self, now: float) -> float:
        """How many places have had their turn."""
        return self.paces[-1].served_at(now) if self.paces else 0.0

    def served_by(self, moment: float) -> float:
        """How many places had had their turn by a moment that is past, and not long ago."""
        most = math.inf
        for pace in reversed(self.paces):
            if pace.at <= moment:
                return min(pace.served_at(moment), most)
            most = pace.served
        return 0.0

    def place_of(self, number: int) -> int | None:
        """The place of whoever was given `number`; None while it is not drawn yet."""
        if self.opened_at is None or number < 1:
            return None
        if number > self.lobby:
            return number
        if self.seed is None:
            return None
        return drawn(draw_key(self.seed, self.mix, self.lobby), self.lobby)[number - 1]

    def turn_of(self, place: int, now: float) -> float | None:
        """When the place's turn began, in Unix time; None if it has not."""
        end = now
        for pace in reversed(self.paces):
            # What an earlier pace had served counts only up to where this one went on from it.
            if place > pace.served_at(end):
                return None if end == now else end
            if place > pace.served:
                return pace.at + (place - pace.served) / pace.per_second
            end = pace.at
        return end if self.paces else None

    def pass_of(self, place: int, joined_at: float, now: float) -> Pass | None:
        """From when to when the place may book; None while its turn has not come.

        It is the same however often it is asked, so that neither a reload nor a lost answer costs
        anybody their turn, and nobody has a second one.
        """
        turn = self.turn_of(place, now)
        if turn is None:
            return None
        # The line may have been ahead of who had come.
        begins = max(turn, joined_at)
        return Pass(begins, begins + self.pass_seconds)


@lru_cache(MAX_REMEMBERED_DRAWS)
def drawn(key: str, size: int) -> Sequence[int]:
    return draw(key, size)


def paces_from(text: str | bytes) -> tuple[Pace, ...]:
    return tuple(Pace(*map(float, pace)) for pace in json.loads(text))


def paces_text(paces: Sequence[Pace]) -> str:
    return json.dumps([list(pace) for pace in paces], separators=(",", ":"))


def room_from(event_id: int, found: Mapping[str, str], seed: str | None) -> Room:
    """Return the room that Redis holds as these fields. Raises `KeyError` or `ValueError`, if they
    are not ours."""
    opened = found.get("opened")
    return Room(
        event_id=event_id,
        epoch=int(found["epoch"]),
        opens_at=float(found["opens"]),
        pass_seconds=int(found["lasts"]),
        arrived=int(found["arrived"]),
        opened_at=float(opened) if opened else None,
        lobby=int(found.get("lobby", 0)),
        mix=found["mix"],
        seed=seed,
        per_second=float(found["rate"]),
        paces=paces_from(found.get("paces", "[]")),
        halted_until=float(found.get("halted", 0)),
    )
