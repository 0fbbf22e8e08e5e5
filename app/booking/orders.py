"""The booking desk's requests and results."""

from dataclasses import dataclass, field
from typing import NamedTuple

from app.errors import UtsavamError
from app.models.booking import BookingStatus, new_reference


class Guest(NamedTuple):
    """Who books without signing in; the email in its one spelling, which tells people apart."""

    email: str
    name: str


@dataclass(frozen=True)
class Order:
    """A request for seats, by a user or a guest.

    The reference is generated before the insert, so that the booking can be looked up when the
    reply to COMMIT is lost.
    """

    user_id: int | None
    event_id: int
    seats: int
    idempotency_key: str | None = None
    fingerprint: str | None = None
    reference: str = field(default_factory=new_reference)
    guest: Guest | None = None


@dataclass(frozen=True)
class Confirmed:
    """A booking as it was recorded."""

    id: int
    reference: str
    user_id: int
    event_id: int
    seats: int
    price_minor: int
    status: str = BookingStatus.CONFIRMED.value
    address_version: int = 0


@dataclass(frozen=True)
class Booked:
    """A successful order; `replayed` if an earlier request with the same key made the booking."""

    booking: Confirmed
    replayed: bool = False


Outcome = Booked | UtsavamError


class PublishedCount(NamedTuple):
    """An event's seats left after a commit, with the version and incarnation they belong to."""

    incarnation: int
    version: int
    seats: int


@dataclass(frozen=True)
class SeatSnapshot:
    """An event's counter as read under its row lock; `at` is `time.monotonic()` before the lock."""

    event_id: int
    seats: int
    version: int
    incarnation: int
    at: float

    @property
    def published_count(self) -> PublishedCount:
        return PublishedCount(self.incarnation, self.version, self.seats)
