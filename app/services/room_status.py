"""What everybody may know of a waiting room: the same few bytes for all, made once a second.

From it and from their own place people work out how many are before them and how long it takes, so
that those who wait cost next to nothing.
"""

import hashlib
import json
import logging
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from flask import Flask

from app.booking.gate import SeatGate
from app.models import Event, SaleState, WaitingRoom
from app.models.columns import now
from app.services.room_list import RoomList
from app.services.room_outlook import expected_pace, taken_by_each
from app.services.waiting_rooms import keep_copy
from app.waiting_room.rooms import Look

MADE_FOR = 1.0
"""Seconds for which a status is given out."""
OLD_AFTER = 3.0
"""Seconds after which it is made before the answer instead of beside it."""
NO_MORE = {SaleState.CLOSED, SaleState.ENDED, SaleState.CANCELLED}
"""Nothing will be sold any more."""

SHARE = 0.5
"""Who waits asks again when this share of the earliest wait is over: each question halves it."""
LEAST, MOST = 3.0, 60.0
"""Seconds between two questions of one person."""
SLOW = 20.0
"""Places a second up to which these hold. At a faster pace more people are near their turn at any
time, and wait no longer than a few questions take."""
LARGEST_SHARE, LARGEST_LEAST = 0.9, 15.0
FAR_PER_SECOND = 300
"""Questions a second of those who are far away, of all together."""
OPENING_PER_SECOND = 400
"""Questions a second of those who learn their place at the opening. Each is a page of their own, of
a millisecond, while the first ones book; a turn lasts for minutes."""
MOST_SPREAD = 60.0
WHILE_PAUSED = 10.0
"""Places a second by which those who wait ask again while nobody is admitted."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asking:
    """When people ask again; the page of those who wait is told it with each status."""

    share: float
    least: float
    most: float
    spread: float
    """Seconds after the opening in which people ask for their place, each at a moment of its own:
    not all at once."""

    @classmethod
    def of(cls, waiting: float, lobby: int, pace: float) -> "Asking":
        """The more wait, the longer those far away stay silent; the faster the pace, in places a
        second, the more seldom those near their turn ask: some 500 times a second, all of
        twenty thousand together."""
        fast = max(pace / SLOW, 1)
        share, least = min(SHARE * fast, LARGEST_SHARE), min(LEAST * fast, LARGEST_LEAST)
        most = min(max(waiting / FAR_PER_SECOND, LEAST * 5), MOST)
        spread = min(max(lobby / OPENING_PER_SECOND, LEAST), MOST_SPREAD)
        return cls(round(share, 2), round(least, 1), round(most, 1), round(spread, 1))

    def again(self, wait: float | None, luck: float) -> float:
        """Return the seconds until the next question of who waits `wait` seconds at least; None if
        it is not known. `luck`, from 0 to 1, is their own: no two crowds stay one."""
        soon = self.most if wait is None else wait * self.share
        return min(max(soon, self.least), self.most) * (0.9 + 0.2 * luck)

    def again_in_lobby(self, until: float, luck: float) -> float:
        """The same for who is in the lobby, `until` seconds before the opening."""
        at_opening = max(until, 0) + self.least + luck * self.spread
        return min(at_opening, self.most * (0.9 + 0.2 * luck))


class Status(NamedTuple):
    """A room's status as it is sent."""

    body: bytes
    etag: str


class RoomStatuses:
    """The rooms' statuses; one instance per process. No question costs a query."""

    def __init__(self, app: Flask, known: RoomList, gate: SeatGate) -> None:
        self._app, self._known, self._gate = app, known, gate
        self._made: dict[int, tuple[Status, int, float]] = {}
        """By event: the status, the row's revision, and since when it is known."""
        self._making, self._copying = threading.Lock(), threading.Lock()

    def status(self, event_id: int) -> Status | None:
        """Return the status, a second old at most while people ask; None if nobody waits there.

        Raises `DatabaseDown` if no room was ever known.
        """
        row = self._known.row(event_id)
        if row is None:
            self._made.pop(event_id, None)
            return None
        status, revision, at = self._made.get(event_id, (None, 0, 0.0))
        age = time.monotonic() - at
        if status is None or revision != row.revision or age > OLD_AFTER:
            return self.fresh(row)
        if age > MADE_FOR and self._making.acquire(blocking=False):
            threading.Thread(target=self._make_beside, args=(row,), daemon=True).start()
        return status

    def fresh(self, row: WaitingRoom) -> Status:
        """Return the status as it is now."""
        look = self._known.rooms.look(row)
        with self._app.app_context():
            status = _written(facts_of(row, look, self._seats_left(row.event)))
        self._made[row.event_id] = status, row.revision, time.monotonic()
        if self._copying.acquire(blocking=False):
            threading.Thread(target=self._copy_beside, args=(row, look), daemon=True).start()
        return status

    def _make_beside(self, row: WaitingRoom) -> None:
        """Make it in a thread of its own, so that nobody waits for Redis."""
        try:
            self.fresh(row)
        except Exception:
            log.exception("The status of a waiting room could not be made")
        finally:
            self._making.release()

    def _copy_beside(self, row: WaitingRoom, look: Look) -> None:
        """While people only wait, nobody else sees to the room's copy."""
        try:
            with self._app.app_context():
                keep_copy(row, look)
        finally:
            self._copying.release()

    def _seats_left(self, event: Event) -> int:
        """As this process knows: of the row that was read last, or of its own last order."""
        newer = self._gate.snapshot(event.id)
        if newer and newer.incarnation == event.incarnation and newer.version > event.version:
            return newer.seats
        return event.seats_available


def facts_of(row: WaitingRoom, look: Look, seats: int) -> dict[str, Any]:
    """Return what the status tells, see docs/waiting-room.md; nothing that is secret before the
    draw is among it."""
    room = look.room
    is_closed = row.event.sale_state(now()) in NO_MORE
    opened = "lobby" if room.opened_at is None else "open"
    served = min(room.served(look.now), room.arrived)
    waiting = room.arrived - served
    stands = row.paused or room.is_halted(look.now)
    pace = None if stands else expected_pace(row, look)
    return {
        "at": round(look.now, 3),
        "epoch": row.epoch,
        "phase": "closed" if is_closed else opened,
        "paused": stands,
        "halted": room.is_halted(look.now),
        "opens_at": room.opens_at,
        "opened_at": room.opened_at,
        "lobby": room.lobby if room.opened_at else room.arrived,
        "arrived": room.arrived,
        "served": round(room.served(look.now), 3),
        "per_second": 0 if stands else round(room.per_second, 4),
        "slow_per_second": round(pace.slow, 4) if pace else 0,
        "fast_per_second": round(pace.fast, 4) if pace else 0,
        "seats": seats,
        "taking": [round(figure, 2) for figure in taken_by_each(row, look, seats) or ()],
        "live": look.live,
        "ask": {
            **asdict(Asking.of(waiting, room.lobby or room.arrived, room.per_second)),
            "paused_per_second": WHILE_PAUSED,
        },
    }


def _written(facts: dict[str, Any]) -> Status:
    body = json.dumps(facts, separators=(",", ":")).encode()
    return Status(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
