"""What the gate has published, for those who show it: one question to Redis for many readers."""

from collections.abc import Sequence

from app.booking.gate import CHANGES_KEY, SeatGate
from app.booking.turns import Full, Turns, Unanswered

Published = tuple[bytes | None, ...]

MOST_READERS = 200
ROOM = 10_000
PATIENCE = 1.0


class Figures:
    """One per process. Readers that come while Redis is asked wait for the next question, so that
    each hears what was published before it came."""

    def __init__(self, gate: SeatGate) -> None:
        self._gate = gate
        self._turns: Turns[tuple[str, ...], Published | None] = Turns(
            self._ask, most=MOST_READERS, room=ROOM, patience=PATIENCE
        )

    def read(self, keys: tuple[str, ...] = ()) -> Published | None:
        """What `CHANGES_KEY` and then these keys hold; None when Redis can't be asked now."""
        if not self._gate.awake:
            return None
        try:
            return self._turns.take(keys)
        except (Full, Unanswered):
            return None

    def _ask(self, readers: Sequence[tuple[str, ...]]) -> list[Published | None]:
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
