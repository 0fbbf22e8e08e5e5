"""How long pieces of work took lately, those under way included."""

import math
import time
from collections import deque
from typing import NamedTuple

MAX_NOTED = 50_000
"""More than a process can do in a second."""
SHARE = 0.9


class Timing(NamedTuple):
    """Of the work that ended since the last question."""

    seconds: float = 0.0
    """Nine of ten took no longer; and how long the oldest that is under way has taken."""
    ended: int = 0


class Timings:
    """Times work by a key, such as an event; for all threads of a process."""

    def __init__(self) -> None:
        self._begun: dict[object, tuple[int, float]] = {}
        self._ended: deque[tuple[int, float]] = deque(maxlen=MAX_NOTED)

    def begin(self, key: int) -> object:
        """Count work as under way, until `end` is called with what this returns."""
        token = object()
        self._begun[token] = key, time.monotonic()
        return token

    def end(self, token: object) -> None:
        key, began = self._begun.pop(token)
        self._ended.append((key, time.monotonic() - began))

    def note(self, key: int, seconds: float) -> None:
        """Count work as if it had taken so long."""
        self._ended.append((key, seconds))

    def take(self) -> dict[int | None, Timing]:
        """Return the timing of each key since the last call, and of all together under None."""
        now, found = time.monotonic(), dict[int | None, list[float]]()
        for _ in range(len(self._ended)):
            key, seconds = self._ended.popleft()
            for each in (key, None):
                found.setdefault(each, []).append(seconds)
        timings = {key: Timing(_most(took), len(took)) for key, took in found.items()}
        for key, began in list(self._begun.values()):
            for each in (key, None):
                known = timings.get(each, Timing())
                timings[each] = known._replace(seconds=max(known.seconds, now - began))
        return timings


def _most(took: list[float]) -> float:
    return sorted(took)[math.ceil(len(took) * SHARE) - 1]
