"""An on-sale as it goes: what the desks answer, and how many seats are left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from app.booking.desk import BookingDesk
from app.booking.live_stats import SaleHistory, Sample
from app.lib.text import whole
from app.models import Event
from app.models.columns import now
from app.services import events

SPAN = 120
"""Seconds that are shown."""
LATELY = 10
"""Seconds that a rate is taken over."""


@dataclass(frozen=True)
class LiveSales:
    """What an organiser watches; what Redis would tell is None while it is away."""

    event: Event
    tokens: int | None
    """Seats left by the gate: it follows the database after each commit."""
    history: SaleHistory | None
    at: datetime

    @property
    def samples(self) -> Sequence[Sample]:
        return self.history.samples if self.history else ()

    @property
    def rate(self) -> float:
        """Bookings a second, of the last ten."""
        return sum(sample.booked for sample in self.samples[-LATELY:]) / LATELY

    @property
    def peak(self) -> int:
        """Bookings in the best second shown."""
        return max((sample.booked for sample in self.samples), default=0)

    @property
    def totals(self) -> Sample:
        """All that is shown, in one."""
        names = ("booked", "seats", "replayed", "sold_out", "refused", "busy", "failed")
        return Sample(0, **{name: sum(getattr(b, name) for b in self.samples) for name in names})

    @property
    def seats_left(self) -> Sequence[int | None]:
        """At the end of every second: what was told last stands until something else is."""
        found: list[int | None] = []
        for sample in self.samples:
            found.append(sample.left if sample.left is not None else found[-1] if found else None)
        return found


def watch(event_id: int, desk: BookingDesk) -> LiveSales:
    """The event's sale at this moment, and in the last two minutes. Raises `EventNotFound`."""
    event = events.get_event(event_id, drafts=True)
    history = desk.live_stats.read(event_id, SPAN) if desk.live_stats else None
    return LiveSales(event, _tokens(event_id, desk), history, now())


def _tokens(event_id: int, desk: BookingDesk) -> int | None:
    if not desk.gate.available:
        return None
    try:
        (held,) = desk.gate.tokens([event_id])
    except redis.RedisError:
        return None
    return whole(held)
