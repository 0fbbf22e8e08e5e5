"""Waiting rooms in Redis, as all processes see them."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import redis

from app.booking.redis_keys import Names
from app.models.waiting_room import MAX_WAITING, WaitingRoom
from app.waiting_room.state import Room, paces_from, room_from

LOOK_VALID_FOR = 0.5
"""Seconds for which a process's last look at a room holds: nobody's turn is late by more."""
ASK_AGAIN_AFTER = 1.0
"""Seconds after which a Redis that was away is asked again."""
GIVEN_SINCE_COPY = 5
"""How many times as many people as came between the last two copies may have come since the last:
a room that is restored goes on after them. Two people with one number have their turn together; a
gap in the numbers costs those behind it time."""
AT_LEAST_GIVEN = 50
HALTED_FOR = 2.5
"""Seconds for which a line stands still after a process has last found the desk down: longer than
it takes until one of them looks again."""

TakeBack = Callable[[WaitingRoom, Callable[[WaitingRoom], bool]], object]

log = logging.getLogger(__name__)
_SCRIPTS = Path(__file__).parent


class Look(NamedTuple):
    """A room as Redis holds it, or as it was last known."""

    room: Room
    now: float
    """Unix time by Redis's clock."""
    live: bool
    """False while Redis is away."""


class Joined(NamedTuple):
    look: Look
    number: int
    """0 if the room gives out no more numbers."""
    joined_at: float


class WaitingRooms:
    """Looks at rooms and gives out numbers; one instance per process."""

    def __init__(self, client: redis.Redis, names: Names) -> None:
        self._client, self._names = client, names
        line = (_SCRIPTS / "line.lua").read_text()
        self._room = client.register_script(line + (_SCRIPTS / "room.lua").read_text())
        self._pace = client.register_script(line + (_SCRIPTS / "pace.lua").read_text())
        self._restore = client.register_script((_SCRIPTS / "restore.lua").read_text())
        self._looks: dict[int, tuple[Look, float]] = {}
        self._away_until = 0.0
        self._ahead = 0.0
        """Seconds by which Redis's clock is ahead of this process's."""
        self.is_desk_down: Callable[[], bool] = lambda: False
        """Asked at each look: while nobody can book, nobody's turn begins."""
        self.take_back: TakeBack = lambda row, give: give(row)
        """Called when Redis has lost a room, with what gives Redis the row that it is called with;
        it answers False where another process was first."""

    def look(self, row: WaitingRoom) -> Look:
        """Return the room; as it was last known, where Redis is away."""
        known = self._looks.get(row.event_id)
        if known and known[0].room.epoch == row.epoch:
            look, at = known
            if time.monotonic() - at < LOOK_VALID_FOR:
                return look._replace(now=self._now())
        joined = self._run(row, ())
        return joined.look if joined else self._last_known(row)

    def join(
        self, row: WaitingRoom, user_id: int | None, *, again: int | None = None
    ) -> Joined | None:
        """Give out the next number, or the one that the user has; None while Redis is away.

        `again` is a number of theirs whose pass is over: it is given to nobody once more.
        """
        user, over = ("" if each is None else str(each) for each in (user_id, again))
        return self._run(row, (secrets.token_hex(16), user, MAX_WAITING, over))

    def set_pace(self, row: WaitingRoom, per_second: float) -> bool:
        """Give a room another pace, which holds from now on; return whether it does.

        It does not where its settings were changed since `row` was read, nor while Redis is away.
        """
        args = (row.epoch, row.revision, f"{per_second:.4f}", int(row.measured))
        try:
            done = bool(self._pace(keys=self.keys(row)[:1], args=args))
        except redis.RedisError:
            return False
        self._looks.pop(row.event_id, None)
        return done

    def forget(self) -> None:
        """Look anew before the next answer."""
        self._looks = {}

    def _run(self, row: WaitingRoom, joining: Sequence[Any]) -> Joined | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            if self.is_desk_down():
                self._halt(row)
            answer = self._ask(row, joining)
            if answer[1] == -1:
                self.take_back(row, self._give_back)
                answer = self._ask(row, joining)
        except redis.RedisError as error:
            log.warning("Redis is not there for the waiting rooms (%s)", type(error).__name__)
            self._away_until = time.monotonic() + ASK_AGAIN_AFTER
            return None
        return self._read(row, answer) if answer[1] != -1 else None

    def _ask(self, row: WaitingRoom, joining: Sequence[Any]) -> list[Any]:
        settings = (row.revision, f"{row.opens_at:.3f}", _rate(row))
        facts = [str(row.epoch), *map(str, settings), str(row.pass_minutes * 60)]
        return cast("list[Any]", self._room(keys=self.keys(row), args=[*facts, *joining]))

    def _halt(self, row: WaitingRoom) -> None:
        # Where Redis has lost the room, this is half a one, which is replaced as is none.
        until = self._now() + HALTED_FOR
        self._client.hset(self.keys(row)[0], "halted", f"{until:.3f}")

    def _give_back(self, row: WaitingRoom) -> bool:
        fields: list[Any] = [row.epoch, "arrived", row.arrived, "mix", row.mix, "paces", row.paces]
        # The copied paces may be those of before the last change: it is made once more.
        fields += ["version", row.revision - 1, "rate", f"{row.per_second:.4f}"]
        fields += ["measured", f"{row.start_per_second:.4f}"]
        fields += ["lasts", row.pass_minutes * 60, "opens", f"{row.opens_at:.3f}"]
        if row.opened_at:
            opened = f"{row.opened_at.timestamp():.3f}"
            fields += ["opened", opened, "lobby", row.lobby_size]
        if not self._restore(keys=self.keys(row), args=fields):
            return False
        if row.arrived:
            told = "The waiting room of event %s was restored; numbers go on after %s"
            log.warning(told, row.event_id, row.arrived)
        return True

    def _read(self, row: WaitingRoom, answer: Sequence[Any]) -> Joined:
        told, number, joined_at, *flat = (_text(part) for part in answer)
        found = dict(zip(flat[::2], flat[1::2], strict=True))
        room = room_from(row.event_id, found, row.seed)
        if room.opened_at is None:
            room = replace(room, seed=None)
        self._ahead = float(told) - time.time()
        look = Look(room, float(told), live=True)
        self._looks[row.event_id] = look, time.monotonic()
        return Joined(look, int(number), float(joined_at))

    def _last_known(self, row: WaitingRoom) -> Look:
        known = self._looks.get(row.event_id)
        if known and known[0].room.epoch == row.epoch:
            return Look(known[0].room, self._now(), live=False)
        return Look(_copied(row), self._now(), live=False)

    def keys(self, row: WaitingRoom) -> list[str]:
        """The room's hash, and that of the numbers of users."""
        # One slot of a cluster.
        key = self._names.of(f"{{event:{row.event_id}}}:waiting-room")
        return [key, f"{key}:people"]

    def _now(self) -> float:
        return time.time() + self._ahead


def _rate(row: WaitingRoom) -> str:
    """The pace that is set, or with which a measured one begins."""
    if row.measured and not row.paused:
        return f"~{row.start_per_second:.4f}"
    return f"{row.per_second:.4f}"


def _text(part: Any) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)


def _copied(row: WaitingRoom) -> Room:
    """The room as PostgreSQL has it."""
    opened = row.opened_at
    return Room(
        event_id=row.event_id,
        epoch=row.epoch,
        opens_at=row.opens_at,
        pass_seconds=row.pass_minutes * 60,
        arrived=row.arrived,
        opened_at=opened.timestamp() if opened else None,
        lobby=row.lobby_size,
        mix=row.mix,
        seed=row.seed if opened else None,
        per_second=row.per_second,
        paces=paces_from(row.paces),
    )


def skip_given(row: WaitingRoom) -> None:
    """Have numbers go on after those that may have been given out since the copy was made."""
    if row.arrived:
        since = GIVEN_SINCE_COPY * (row.arrived - row.arrived_before)
        skipped = max(since, AT_LEAST_GIVEN)
        row.arrived += skipped
        row.arrived_before += skipped


def moment(seconds: float) -> datetime:
    """Return a Unix time as the models have it."""
    return datetime.fromtimestamp(seconds, UTC)
