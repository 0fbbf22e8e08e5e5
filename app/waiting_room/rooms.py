"""Waiting rooms in Redis, as all processes see them."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import redis

from app.booking.group_commit import GroupCommit, QueueFull, ResultUnknown
from app.booking.redis_keys import Names
from app.models.waiting_room import MAX_WAITING, WaitingRoom
from app.waiting_room.questions import Question
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

MAX_JOINING = 200
"""Numbers that one question to Redis asks for."""
MAX_WAITING_TO_JOIN = 10_000
JOIN_TIMEOUT = 4.0
"""Seconds until somebody is told to try again."""

log = logging.getLogger(__name__)
_SCRIPTS = Path(__file__).parent


class Look(NamedTuple):
    """A room as Redis holds it, or as it was last known."""

    room: Room
    now: float
    """Unix time by Redis's clock."""
    live: bool
    """False while Redis is away."""
    read_at: float = 0.0
    """When Redis told it, by the same clock; what is reckoned from it since may have changed."""


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
        self._joins: GroupCommit[Question, Joined | None] = GroupCommit(
            self._run,
            max_batch=MAX_JOINING,
            max_queue=MAX_WAITING_TO_JOIN,
            timeout=JOIN_TIMEOUT,
            gathers=True,
        )
        self.is_desk_down: Callable[[], bool] = lambda: False
        """Asked at each look: while nobody can book, nobody's turn begins."""
        self.take_back: TakeBack = lambda row, give: give(row)
        """Called when Redis has lost a room, with what gives Redis the row that it is called with;
        it answers False where another process was first."""

    def look(self, row: WaitingRoom, valid_for: float = LOOK_VALID_FOR) -> Look:
        """Return the room; as it was last known, where Redis is away.

        `valid_for` is for how many seconds this process's last look at it does.
        """
        known = self._looks.get(row.event_id)
        if known and known[0].room.epoch == row.epoch:
            look, at = known
            if time.monotonic() - at < valid_for:
                return look._replace(now=self._now())
        [joined] = self._run([Question(row)])
        return joined.look if joined else self._last_known(row)

    def join(
        self, row: WaitingRoom, user_id: int | None, *, again: int | None = None
    ) -> Joined | None:
        """Give out the next number, or the one that the user has; None while Redis is away.

        `again` is a number of theirs whose pass is over: it is given to nobody once more. Those who
        come at once are asked for together.
        """
        user, over = ("" if each is None else str(each) for each in (user_id, again))
        asked = Question(row, (secrets.token_hex(16), user, MAX_WAITING, over))
        try:
            return self._joins.submit(asked)
        except (QueueFull, ResultUnknown):
            return None

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

    def _run(self, asked: Sequence[Question]) -> list[Joined | None]:
        """Answer each question; all with None while Redis is away."""
        if time.monotonic() < self._away_until:
            return [None] * len(asked)
        rows = {question.row.epoch: question.row for question in asked}
        try:
            if self.is_desk_down():
                for row in rows.values():
                    self._halt(row)
            answers = self._ask(asked)
            lost = [n for n, answer in enumerate(answers) if answer[1] == -1]
            if lost:
                for epoch in {asked[n].row.epoch for n in lost}:
                    self.take_back(rows[epoch], self._give_back)
                for n, answer in zip(lost, self._ask([asked[n] for n in lost]), strict=True):
                    answers[n] = answer
        except redis.RedisError as error:
            log.warning("Redis is not there for the waiting rooms (%s)", type(error).__name__)
            self._away_until = time.monotonic() + ASK_AGAIN_AFTER
            return [None] * len(asked)
        return self._read_all(asked, answers)

    def _ask(self, asked: Sequence[Question]) -> list[Any]:
        if len(asked) == 1:
            return [self._room(keys=self.keys(asked[0].row), args=asked[0].args)]
        with self._client.pipeline(transaction=False) as pipe:
            for question in asked:
                self._room(keys=self.keys(question.row), args=question.args, client=pipe)
            return pipe.execute()

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

    def _read_all(self, asked: Sequence[Question], answers: Sequence[Any]) -> list[Joined | None]:
        """Read what each was given, and each room as the last answer has it."""
        last = {q.row.epoch: (q.row, a) for q, a in zip(asked, answers, strict=True) if a[1] != -1}
        looks = {epoch: self._read(row, answer) for epoch, (row, answer) in last.items()}
        return [
            Joined(looks[question.row.epoch], int(answer[1]), float(_text(answer[2])))
            if answer[1] != -1
            else None
            for question, answer in zip(asked, answers, strict=True)
        ]

    def _read(self, row: WaitingRoom, answer: Sequence[Any]) -> Look:
        told, _number, _joined_at, *flat = (_text(part) for part in answer)
        found = dict(zip(flat[::2], flat[1::2], strict=True))
        room = room_from(row.event_id, found, row.seed)
        if room.opened_at is None:
            room = replace(room, seed=None)
        self._ahead = float(told) - time.time()
        look = Look(room, float(told), live=True, read_at=float(told))
        self._looks[row.event_id] = look, time.monotonic()
        return look

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
