"""How many connections each web worker has, in memory that the workers share.

They accept from one listening socket, whoever comes first. Left alone, one of two workers may get
three quarters of all who come at once, and its visitors wait three times as long as the others'.
"""

import mmap

SLOTS = 64
"""Workers that are counted apart; of more, two may share a count."""
_NOBODY = -1
AHEAD = 24
"""A worker with so many more connections than the emptiest one lets others accept."""


class ConnectionBalance:
    """Made before workers are forked; each has a slot by its number."""

    def __init__(self) -> None:
        # Each number is written by one process alone.
        self._counts = memoryview(mmap.mmap(-1, 4 * SLOTS)).cast("i")
        for slot in range(SLOTS):
            self._counts[slot] = _NOBODY

    def begin(self, number: int) -> "Share":
        """Count a new worker's connections from none."""
        self._counts[number % SLOTS] = 0
        return Share(self._counts, number % SLOTS)

    def end(self, number: int) -> None:
        """Forget a worker that has ended, however it ended."""
        self._counts[number % SLOTS] = _NOBODY


class Share:
    """What one worker has."""

    def __init__(self, counts: memoryview, slot: int) -> None:
        self._counts, self._slot = counts, slot

    def opened(self) -> None:
        self._counts[self._slot] += 1

    def closed(self) -> None:
        self._counts[self._slot] -= 1

    @property
    def is_ahead(self) -> bool:
        """Whether another worker has far fewer connections."""
        mine = self._counts[self._slot]
        return mine > min((n for n in self._counts if n != _NOBODY), default=mine) + AHEAD
