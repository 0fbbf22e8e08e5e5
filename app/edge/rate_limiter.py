"""The limits of one application, and what was counted of them."""

from redis import Redis

from app.booking.redis_keys import Names
from app.config import Settings
from app.edge.rate_counters import LocalCounts, SharedCounts, whole_seconds
from app.errors import TooManyRequests
from app.lib.rates import Rate, rate_of

PER_PROCESS = {"booking", "booking_address", "api", "api_address"}
"""Limits of what happens thousands of times a second: a question to Redis would cost too much."""

FEW = 3
"""What a place may count before it is known to count: a family signs up, somebody mistypes."""


class RateLimiter:
    """A limit is named as its setting, without `limit_`; `who` is whom it counts."""

    def __init__(self, settings: Settings, client: Redis, names: Names | None = None) -> None:
        self.local, self.shared = LocalCounts(), SharedCounts(client, names)
        self._rates: dict[str, Rate] = {}
        for field in type(settings).model_fields:
            prefix, _, name = field.partition("limit_")
            if not prefix and (rate := rate_of(getattr(settings, field))):
                self._rates[name] = rate

    def spend(self, name: str, *who: object) -> None:
        """Count one; raises `TooManyRequests` for one too many."""
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            if counts.add(key, rate) > rate.most:
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def look(self, name: str, *who: object) -> None:
        """Raise `TooManyRequests` when one more would be too many; count nothing."""
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            if counts.seen(key, rate) >= rate.most:
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def note(self, name: str, *who: object, amount: int = 1) -> None:
        """Count, and refuse nothing."""
        if rate := self._rates.get(name):
            self._counts(name).add((name, *who), rate, amount)

    def look_everyone(self, name: str, place: str, *who: object) -> None:
        """As `look`, of what is counted of all together; `place` is the address that asks.

        A third is kept for those whose place has counted less than a `FEW` lately: so few places
        can't use up what is there for all.
        """
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            seen = counts.seen(key, rate)
            reserved = seen >= rate.most * 2 // 3
            if seen >= rate.most or (reserved and counts.seen((*key, "of", place), rate) >= FEW):
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def note_everyone(self, name: str, place: str, *who: object) -> None:
        """Count what has come true of all together, and of this place's part in it."""
        self.note(name, *who)
        self.note(name, *who, "of", place)

    def give_back(self, name: str, *who: object) -> None:
        self.note(name, *who, amount=-1)

    def clear(self) -> None:
        """Forget what this process counted."""
        self.local.clear()
        self.shared.clear()

    def _counts(self, name: str) -> LocalCounts | SharedCounts:
        return self.local if name in PER_PROCESS else self.shared
