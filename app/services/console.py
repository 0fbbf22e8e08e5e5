"""An on-sale as it goes: what the desks answer, and how many seats are left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from app.booking.desk import BookingDesk
from app.booking.pulse import Beat, Reading
from app.models import Event
from app.models.columns import now
from app.services import events
from app.texts import whole

SPAN = 120
"""Seconds that are shown."""
LATELY = 10
"""Seconds that a rate is taken over."""


@dataclass(frozen=True)
class Console:
    """What an organiser watches; what Redis would tell is None while it is away."""

    event: Event
    tokens: int | None
    """Seats left by the gate: it follows the database after each commit."""
    reading: Reading | None
    at: datetime

    @property
    def beats(self) -> Sequence[Beat]:
        return self.reading.beats if self.reading else ()

    @property
    def rate(self) -> float:
        """Bookings a second, of the last ten."""
        return sum(beat.booked for beat in self.beats[-LATELY:]) / LATELY

    @property
    def peak(self) -> int:
        """Bookings in the best second shown."""
        return max((beat.booked for beat in self.beats), default=0)

    @property
    def totals(self) -> Beat:
        """All that is shown, in one."""
        names = ("booked", "seats", "replayed", "sold_out", "refused", "busy", "failed")
        return Beat(0, **{name: sum(getattr(b, name) for b in self.beats) for name in names})

    @property
    def seats_left(self) -> Sequence[int | None]:
        """At the end of every second: what was told last stands until something else is."""
        found: list[int | None] = []
        for beat in self.beats:
            found.append(beat.left if beat.left is not None else found[-1] if found else None)
        return found


def watch(event_id: int, desk: BookingDesk) -> Console:
    """The event's sale at this moment, and in the last two minutes. Raises `EventNotFound`."""
    event = events.get_event(event_id, drafts=True)
    reading = desk.pulse.read(event_id, SPAN) if desk.pulse else None
    return Console(event, _tokens(event_id, desk), reading, now())


def _tokens(event_id: int, desk: BookingDesk) -> int | None:
    if not desk.gate.awake:
        return None
    try:
        (held,) = desk.gate.tokens([event_id])
    except redis.RedisError:
        return None
    return whole(held)
