"""Figures of sales: sums of a day or an event, and what an organiser is shown of a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from app.models import Event, EventStatus
from app.models.event import fill_rate

COUNTS = ("bookings", "seats", "cancellations", "seats_back")
Amounts = Mapping[str, int]
"""Amounts in smallest units by currency, never added across currencies."""


@dataclass(frozen=True)
class Sums:
    bookings: int = 0
    seats: int = 0
    cancellations: int = 0
    seats_back: int = 0
    booked_value: Amounts = field(default_factory=dict)
    """What the seats booked cost, for currencies with any movement."""
    booked_value_back: Amounts = field(default_factory=dict)

    @property
    def seats_sold(self) -> int:
        """Seats booked minus seats given back."""
        return self.seats - self.seats_back

    @property
    def value(self) -> Amounts:
        """Booked value minus the price of the seats given back."""
        return _added(self.booked_value, {c: -n for c, n in self.booked_value_back.items()})

    def __add__(self, other: "Sums") -> "Sums":
        counts: dict[str, Any] = {n: getattr(self, n) + getattr(other, n) for n in COUNTS}
        return Sums(
            **counts,
            booked_value=_added(self.booked_value, other.booked_value),
            booked_value_back=_added(self.booked_value_back, other.booked_value_back),
        )


def _added(one: Amounts, other: Amounts) -> Amounts:
    return {c: one.get(c, 0) + other.get(c, 0) for c in sorted({*one, *other})}


@dataclass(frozen=True)
class EventSales:
    event: Event
    sums: Sums

    @property
    def value(self) -> int:
        """Booked value in the event's currency, minus that of the seats given back."""
        return self.sums.value.get(self.event.currency, 0)


class Filled(NamedTuple):
    sold: int
    sellable: int

    @property
    def rate(self) -> float:
        return fill_rate(self.sold, self.sellable)


@dataclass(frozen=True)
class Sales:
    first: date
    last: date
    days: Sequence[tuple[date, Sums]]
    """Every day from the first to the last, without gaps."""
    events: Sequence[EventSales]
    total: Sums
    before: Sums
    """The sums of the time before, which is as long unless told otherwise."""
    at: datetime

    @property
    def filled(self) -> Filled:
        """How full the events on sale are, or were: published ones, without held-back seats."""
        events = [row.event for row in self.events]
        counted = [e for e in events if e.status == EventStatus.PUBLISHED and not e.deleted_at]
        return Filled(
            sum(event.seats_sold for event in counted),
            sum(event.capacity - event.seats_held for event in counted),
        )

    @property
    def currencies(self) -> Sequence[str]:
        """Those with any movement; if there is none, those of the events."""
        return sorted(self.total.value) or sorted({row.event.currency for row in self.events})
