"""Published seats for display: concurrent readers share one Redis call."""

from collections.abc import Sequence

from app.booking.gate import CHANGES_KEY, SeatGate
from app.booking.group_commit import GroupCommit, QueueFull, ResultUnknown

Published = tuple[bytes | None, ...]

MAX_BATCH = 200
MAX_QUEUE = 10_000
TIMEOUT = 1.0


class PublishedSeats:
    """Reads what the gate has published; one instance per process.

    A reader that arrives during a Redis call waits for the next one, so that it sees everything
    published before it arrived.
    """

    def __init__(self, gate: SeatGate) -> None:
        self._gate = gate
        self._commits: GroupCommit[tuple[str, ...], Published | None] = GroupCommit(
            self._fetch, max_batch=MAX_BATCH, max_queue=MAX_QUEUE, timeout=TIMEOUT
        )

    def read(self, keys: tuple[str, ...] = ()) -> Published | None:
        """Return the values of `CHANGES_KEY` and of these keys; None if Redis is unavailable."""
        if not self._gate.available:
            return None
        try:
            return self._commits.submit(keys)
        except (QueueFull, ResultUnknown):
            return None

    def _fetch(self, readers: Sequence[tuple[str, ...]]) -> list[Published | None]:
        different = list(dict.fromkeys(readers))
        found = self._gate.published([CHANGES_KEY, *(key for keys in different for key in keys)])
        if found is None:
            return [None] * len(readers)
        answers: dict[tuple[str, ...], Published] = {}
        start = 1
        for keys in different:
            answers[keys] = (found[0], *found[start : start + len(keys)])
            start += len(keys)
        return [answers[keys] for keys in readers]
