"""Live stats of an on-sale: the desks' answers, and how many seats are left."""

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
"""Seconds shown."""
RATE_WINDOW = 10
"""Seconds over which the rate is averaged."""


@dataclass(frozen=True)
class LiveSales:
    """What an organiser watches; the figures from Redis are None while it is down."""

    event: Event
    tokens: int | None
    """Seats left according to the gate, which is updated after each commit."""
    history: SaleHistory | None
    at: datetime

    @property
    def samples(self) -> Sequence[Sample]:
        return self.history.samples if self.history else ()

    @property
    def rate(self) -> float:
        """Bookings per second, averaged over the last ten seconds."""
        return sum(sample.booked for sample in self.samples[-RATE_WINDOW:]) / RATE_WINDOW

    @property
    def peak(self) -> int:
        """Bookings in the busiest second shown."""
        return max((sample.booked for sample in self.samples), default=0)

    @property
    def totals(self) -> Sample:
        """The sum of all samples shown."""
        names = ("booked", "seats", "replayed", "sold_out", "refused", "busy", "failed")
        return Sample(0, **{name: sum(getattr(b, name) for b in self.samples) for name in names})

    @property
    def seats_left(self) -> Sequence[int | None]:
        """Seats left at the end of each second; a second without a report repeats the last one."""
        found: list[int | None] = []
        for sample in self.samples:
            found.append(sample.left if sample.left is not None else found[-1] if found else None)
        return found


def watch(event_id: int, desk: BookingDesk) -> LiveSales:
    """The event's sale now and in the last two minutes (`SPAN`). Raises `EventNotFound`."""
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
