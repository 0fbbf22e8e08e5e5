"""Admission control: bulk work waits in line, so that urgent work beside it stays quick.

A process serves one piece of work after the other, in the order in which they came. A thousand
pages that are begun at once would hold up an order that comes after them for as long as they all
take. So only a few are begun at once. While much urgent work is under way, they come in small
groups with a rest after each, and take no more than a share of the time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_INSIDE = 256
"""Pieces of work under way at once: what they ask together costs less than what each asks alone."""
MAX_BESIDE_URGENT = 64
"""The same if there was urgent work within `URGENT_LATELY`, which waits for all that are begun."""
URGENT_LATELY = 1.0
"""Seconds."""
MUCH = 8
"""Pieces of urgent work under way, from which on bulk work gives way to it. Fewer are in nobody's
way: a rest would leave the time unused, and who reads may be about to order."""
GROUP = 4
"""Pieces of bulk work at once, while there is much urgent work."""
SHARE = 0.45
"""Share of the time that bulk work takes then."""
URGENT_FOR = 0.1
"""Seconds for which much urgent work is taken to go on: who has been answered may be back at
once."""
MAX_REST = 1.0
"""Seconds between two groups."""
FORGOTTEN_AFTER = 0.5
"""Seconds after which a piece of work no longer counts: it waits for something, and computes not.
Others that need nothing of what it waits for go on."""


class NotAdmitted(Exception):
    """The line was too long, or did not move in time; nothing was done."""


class Admission:
    """The line of a process. First come, first served."""

    def __init__(
        self,
        *,
        max_waiting: int,
        timeout: float,
        wait_until_idle: Callable[[float], None] | None = None,
    ) -> None:
        """Limit the line to `max_waiting`, and the wait in it to `timeout` seconds.

        `wait_until_idle` returns when the process has nothing else to do just now, or after so many
        seconds; a rest is over then. None where that can't be told.
        """
        self._wait_until_idle = wait_until_idle
        self._max_waiting, self._timeout = max_waiting, timeout
        self._mutex = threading.Lock()
        self._waiting: dict[threading.Lock, float] = {}
        """Since when each waits, the first one first. Each lock is held until whoever waits is to
        look again."""
        self._inside: OrderedDict[object, float] = OrderedDict()
        """Since when each is under way, the oldest first."""
        self._urgent_at = self._much_at = float("-inf")
        self._rests_until = self._group_began = float("-inf")
        self._in_group = self._urgent = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def longest_wait(self) -> float:
        """Seconds for which the first in line has waited."""
        with self._mutex:
            since = next(iter(self._waiting.values()), None)
        return 0.0 if since is None else time.monotonic() - since

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Count as urgent work in the block, which waits for nobody."""
        self._count_urgent(1)
        try:
            yield
        finally:
            self._count_urgent(-1)

    def enter(self, place: object) -> None:
        """Wait in line; `place` counts as under way until it leaves. Raises `NotAdmitted`."""
        now = time.monotonic()
        with self._mutex:
            if not self._waiting and self._pause(now) <= 0:
                self._begin(place, now)
                return
            if len(self._waiting) >= self._max_waiting:
                raise NotAdmitted
            turn = threading.Lock()
            turn.acquire()
            self._waiting[turn] = now
        try:
            self._wait(place, turn, give_up=now + self._timeout)
        except BaseException:
            self._forget(turn)
            raise

    def _forget(self, turn: threading.Lock) -> None:
        """Take whoever was killed in line out of it, lest nobody comes to be first again."""
        with self._mutex:
            if turn in self._waiting:
                is_first = self._first() is turn
                del self._waiting[turn]
                self._call_next(is_first)

    def _wait(self, place: object, turn: threading.Lock, give_up: float) -> None:
        while True:
            now = time.monotonic()
            with self._mutex:
                is_first = self._first() is turn
                pause = self._pause(now) if is_first else self._timeout
                if pause <= 0 or now >= give_up:
                    del self._waiting[turn]
                    if pause > 0:
                        self._call_next(is_first)
                        raise NotAdmitted
                    self._begin(place, now)
                    self._call_next(is_first)
                    return
            seconds = max(0.0, min(pause, give_up - now))
            if is_first and self._rests(now) and self._wait_until_idle:
                self._wait_until_idle(seconds)
                self._end_rest(now + seconds)
            else:
                turn.acquire(timeout=seconds)

    def _rests(self, now: float) -> bool:
        return now < self._rests_until and not self._inside

    def _end_rest(self, due: float) -> None:
        """Let one in, if there was nothing else to do before the rest was due to end."""
        with self._mutex:
            if time.monotonic() < due and not self._inside:
                self._rests_until, self._in_group = float("-inf"), GROUP - 1

    def _call_next(self, is_first: bool = True) -> None:
        """Have whoever is first now look whether they may begin."""
        first = self._first()
        if is_first and first and first.locked():
            first.release()

    def _first(self) -> "threading.Lock | None":
        return next(iter(self._waiting), None)

    def _pause(self, now: float) -> float:
        """Seconds until the first in line may begin, unless somebody leaves before."""
        while self._inside and now - next(iter(self._inside.values())) > FORGOTTEN_AFTER:
            self._inside.popitem(last=False)
        was_urgent = self._urgent or now - self._urgent_at < URGENT_LATELY
        most = MAX_BESIDE_URGENT if was_urgent else MAX_INSIDE
        if self._is_much_urgent(now):
            if now < self._rests_until:
                # The urgent work may be over before that.
                return min(self._rests_until - now, URGENT_FOR)
            if not self._inside and self._in_group >= GROUP:
                self._in_group = 0  # all of the last group are forgotten
            most = GROUP if self._in_group < GROUP else 0
        if len(self._inside) < most:
            return 0.0
        oldest = next(iter(self._inside.values()))
        return max(0.001, oldest + FORGOTTEN_AFTER - now)

    def _count_urgent(self, change: int) -> None:
        with self._mutex:
            self._urgent_at = time.monotonic()
            if self._urgent >= MUCH:
                self._much_at = self._urgent_at
            self._urgent += change

    def _is_much_urgent(self, now: float) -> bool:
        return self._urgent >= MUCH or now - self._much_at < URGENT_FOR

    def _begin(self, place: object, now: float) -> None:
        if not self._inside:
            self._group_began = now
        self._in_group += 1
        self._inside[place] = now

    def leave(self, place: object) -> None:
        """Make room for the next. Also for who was not admitted, which changes nothing."""
        now = time.monotonic()
        with self._mutex:
            if self._inside.pop(place, None) is None:
                return
            if not self._inside:
                self._in_group = 0
            if not self._inside and self._is_much_urgent(now):
                rest = (now - self._group_began) * (1 / SHARE - 1)
                self._rests_until = now + min(rest, MAX_REST)
            self._call_next()
