"""The rate limits of one application, with their counters."""

from redis import Redis

from app.booking.redis_keys import Names
from app.config import Settings
from app.edge.rate_counters import LocalCounts, SharedCounts, whole_seconds
from app.errors import TooManyRequests
from app.lib.rates import Rate, rate_of

PER_PROCESS = {"booking", "booking_address", "api", "api_address", "joining"}
"""Limits counted per process: at thousands of requests a second Redis would cost too much."""

FEW = 3
"""Counts after which an address loses its share of the reserve: room for a family, or typos."""


class RateLimiter:
    """Checks and counts the limits; a limit's name is its setting's, without `limit_`.

    `who` identifies whom a limit counts: an account, an address.
    """

    def __init__(self, settings: Settings, client: Redis, names: Names | None = None) -> None:
        self.local, self.shared = LocalCounts(), SharedCounts(client, names)
        self._rates: dict[str, Rate] = {}
        for field in type(settings).model_fields:
            prefix, _, name = field.partition("limit_")
            if not prefix and (rate := rate_of(getattr(settings, field))):
                self._rates[name] = rate

    def spend(self, name: str, *who: object) -> None:
        """Count one. Raises `TooManyRequests` when that exceeds the limit."""
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            if counts.add(key, rate) > rate.most:
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def look(self, name: str, *who: object) -> None:
        """Raise `TooManyRequests` when one more would exceed the limit, without counting it."""
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            if counts.seen(key, rate) >= rate.most:
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def note(self, name: str, *who: object, amount: int = 1) -> None:
        """Count without checking the limit."""
        if rate := self._rates.get(name):
            self._counts(name).add((name, *who), rate, amount)

    def look_everyone(self, name: str, place: str, *who: object) -> None:
        """As `look`, for a limit that all clients share; `place` is the client's address.

        The last third of the limit is reserved for addresses with fewer than `FEW` counts in the
        window, so that a few addresses can't use up the limit for everybody.
        """
        if rate := self._rates.get(name):
            counts, key = self._counts(name), (name, *who)
            seen = counts.seen(key, rate)
            reserved = seen >= rate.most * 2 // 3
            if seen >= rate.most or (reserved and counts.seen((*key, "of", place), rate) >= FEW):
                raise TooManyRequests(whole_seconds(counts.seconds_left(key), rate))

    def note_everyone(self, name: str, place: str, *who: object) -> None:
        """Count in the shared limit, and the share of this address in it."""
        self.note(name, *who)
        self.note(name, *who, "of", place)

    def give_back(self, name: str, *who: object) -> None:
        """Undo one `spend`."""
        self.note(name, *who, amount=-1)

    def clear(self) -> None:
        """Reset the counters of this process."""
        self.local.clear()
        self.shared.clear()

    def _counts(self, name: str) -> LocalCounts | SharedCounts:
        return self.local if name in PER_PROCESS else self.shared
