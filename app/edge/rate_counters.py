"""Counts in fixed windows: of all processes together in Redis, or of one in its memory.

A key's window begins with the first that is counted and ends after the rate's seconds, whatever
comes meanwhile: so what is left of it is the true time to wait.
"""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import redis

from app.booking.redis_keys import Names
from app.lib.rates import Rate

T = TypeVar("T")
Key = tuple[object, ...]
"""A limit's name, and who is counted."""

MOST_KEYS = 200_000
"""Of one process: beyond them it begins anew rather than fill the memory."""
SWEPT_EVERY = 30.0
"""Seconds between two searches for windows that are over."""
PROBE_AFTER = 1.0
"""Seconds for which Redis is left alone after an error."""

MOST_COUNTED = 1_000_000_000
"""More than any rate allows: such a figure was not counted by us."""
_COUNT = (Path(__file__).parent / "count.lua").read_text()

log = logging.getLogger(__name__)


class _Window:
    __slots__ = ("count", "ends")

    def __init__(self, ends: float) -> None:
        self.ends, self.count = ends, 0


class LocalCounts:
    """One process's own. Two threads at once may lose a count, and none is made up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._windows = clock, dict[Key, _Window]()
        self._swept = clock()

    def add(self, key: Key, rate: Rate, amount: int = 1) -> int:
        """Count, and tell how many they are now."""
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            self._make_room(now)
            window = self._windows[key] = _Window(now + rate.seconds)
        window.count += amount
        return window.count

    def seen(self, key: Key, _rate: Rate | None = None) -> int:
        window = self._windows.get(key)
        return window.count if window and window.ends > self._clock() else 0

    def seconds_left(self, key: Key) -> float:
        window = self._windows.get(key)
        return max(0.0, window.ends - self._clock()) if window else 0.0

    def clear(self) -> None:
        self._windows = {}

    def _make_room(self, now: float) -> None:
        if len(self._windows) >= MOST_KEYS:
            self._windows = {}
        elif now - self._swept >= SWEPT_EVERY:
            kept = list(self._windows.items())
            self._windows = {key: window for key, window in kept if window.ends > now}
            self._swept = now


class SharedCounts:
    """Of all processes, in Redis. While it is away each process counts by itself: looser by their
    number, never open."""

    def __init__(self, client: redis.Redis, names: Names | None = None) -> None:
        self._client, self._names = client, names or Names()
        self._count = client.register_script(_COUNT)
        self.away = LocalCounts()
        self._closed_until = 0.0

    def add(self, key: Key, rate: Rate, amount: int = 1) -> int:
        return self._ask(
            lambda: self._counted(key, rate, amount),
            lambda: self.away.add(key, rate, amount),
        )

    def seen(self, key: Key, rate: Rate) -> int:
        return self._ask(lambda: self._counted(key, rate, 0), lambda: self.away.seen(key))

    def seconds_left(self, key: Key) -> float:
        return self._ask(
            lambda: max(0.0, self._client.pttl(self._name(key)) / 1000),
            lambda: self.away.seconds_left(key),
        )

    def clear(self) -> None:
        """Forget what this process counted by itself."""
        self.away.clear()

    def _counted(self, key: Key, rate: Rate, amount: int) -> int:
        arguments = [rate.seconds, amount, MOST_COUNTED]
        return cast("int", self._count(keys=[self._name(key)], args=arguments))

    def _name(self, key: Key) -> str:
        return self._names.of(":".join(map(str, ("utsavam:limits", *key))))

    def _ask(self, there: Callable[[], T], here: Callable[[], T]) -> T:
        if time.monotonic() < self._closed_until:
            return here()
        try:
            return there()
        except redis.RedisError as error:
            log.warning("Redis does not count (%s): each process does", type(error).__name__)
            self._closed_until = time.monotonic() + PROBE_AFTER
            return here()


def whole_seconds(left: float, rate: Rate) -> int:
    """For `Retry-After`: enough, and no longer than the whole window."""
    return min(max(1, math.ceil(left)), rate.seconds)
