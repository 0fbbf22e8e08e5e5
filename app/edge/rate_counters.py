"""Fixed-window counters: shared by all processes in Redis, or local to one process.

A key's window starts with its first count and ends after the rate's seconds, whatever happens
meanwhile. The rest of the window is therefore the exact time to wait.
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
"""The name of a limit, followed by whom it counts."""

MAX_KEYS = 200_000
"""Keys that one process keeps; beyond that it drops them all, to bound its memory."""
SWEEP_INTERVAL = 30.0
"""Seconds between removals of expired windows."""
PROBE_AFTER = 1.0
"""Seconds without calls to Redis after an error."""

MAX_COUNT = 1_000_000_000
"""More than any rate allows; a larger value in Redis is not ours and is discarded."""
_COUNT = (Path(__file__).parent / "count.lua").read_text()

log = logging.getLogger(__name__)


class _Window:
    __slots__ = ("count", "ends")

    def __init__(self, ends: float) -> None:
        self.ends, self.count = ends, 0


class LocalCounts:
    """Counters of one process, without a lock: threads may lose a count, but never add one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._windows = clock, dict[Key, _Window]()
        self._swept_at = clock()

    def add(self, key: Key, rate: Rate, amount: int = 1) -> int:
        """Add to the counter and return its new value."""
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            self._make_room(now)
            window = self._windows[key] = _Window(now + rate.seconds)
        window.count += amount
        return window.count

    def seen(self, key: Key, _rate: Rate | None = None) -> int:
        """Return the counter's value without adding to it."""
        window = self._windows.get(key)
        return window.count if window and window.ends > self._clock() else 0

    def seconds_left(self, key: Key) -> float:
        window = self._windows.get(key)
        return max(0.0, window.ends - self._clock()) if window else 0.0

    def clear(self) -> None:
        self._windows = {}

    def _make_room(self, now: float) -> None:
        if len(self._windows) >= MAX_KEYS:
            self._windows = {}
        elif now - self._swept_at >= SWEEP_INTERVAL:
            kept = list(self._windows.items())
            self._windows = {key: window for key, window in kept if window.ends > now}
            self._swept_at = now


class SharedCounts:
    """Counters shared by all processes in Redis.

    While Redis is down each process counts on its own, so a limit may be exceeded by a factor of
    the number of processes, but it never lets everything through.
    """

    def __init__(self, client: redis.Redis, names: Names | None = None) -> None:
        self._client, self._names = client, names or Names()
        self._count = client.register_script(_COUNT)
        self.away = LocalCounts()
        self._down_until = 0.0

    def add(self, key: Key, rate: Rate, amount: int = 1) -> int:
        return self._with_fallback(
            lambda: self._run_script(key, rate, amount),
            lambda: self.away.add(key, rate, amount),
        )

    def seen(self, key: Key, rate: Rate) -> int:
        return self._with_fallback(
            lambda: self._run_script(key, rate, 0), lambda: self.away.seen(key)
        )

    def seconds_left(self, key: Key) -> float:
        return self._with_fallback(
            lambda: max(0.0, self._client.pttl(self._name(key)) / 1000),
            lambda: self.away.seconds_left(key),
        )

    def clear(self) -> None:
        """Reset the counters that this process keeps while Redis is down."""
        self.away.clear()

    def _run_script(self, key: Key, rate: Rate, amount: int) -> int:
        arguments = [rate.seconds, amount, MAX_COUNT]
        return cast("int", self._count(keys=[self._name(key)], args=arguments))

    def _name(self, key: Key) -> str:
        return self._names.of(":".join(map(str, ("utsavam:limits", *key))))

    def _with_fallback(self, shared: Callable[[], T], local: Callable[[], T]) -> T:
        if time.monotonic() < self._down_until:
            return local()
        try:
            return shared()
        except redis.RedisError as error:
            log.warning("Redis does not count (%s): each process does", type(error).__name__)
            self._down_until = time.monotonic() + PROBE_AFTER
            return local()


def whole_seconds(left: float, rate: Rate) -> int:
    """Round the seconds up for `Retry-After`: at least 1, at most the whole window."""
    return min(max(1, math.ceil(left)), rate.seconds)
