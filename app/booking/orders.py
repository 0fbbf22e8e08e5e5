"""What the booking desk is asked, and what it answers."""

from dataclasses import dataclass, field
from typing import NamedTuple

from app.errors import UtsavamError
from app.models.booking import BookingStatus, new_reference


@dataclass(frozen=True)
class Order:
    """A wish for seats. The reference is made before the insert: when the answer to COMMIT is
    lost, it is the name by which the booking is looked up."""

    user_id: int
    event_id: int
    seats: int
    idempotency_key: str | None = None
    fingerprint: str | None = None
    reference: str = field(default_factory=new_reference)


@dataclass(frozen=True)
class Confirmed:
    """A booking as it was recorded: what its buyer is told."""

    id: int
    reference: str
    user_id: int
    event_id: int
    seats: int
    price_minor: int
    status: str = BookingStatus.CONFIRMED.value


@dataclass(frozen=True)
class Booked:
    """A booking; `replayed` when an earlier request with the same key had made it."""

    booking: Confirmed
    replayed: bool = False


Outcome = Booked | UtsavamError


class PublishedCount(NamedTuple):
    """An event's counter after a commit, and which commit of which of its lives that was."""

    incarnation: int
    version: int
    seats: int


@dataclass(frozen=True)
class SeatSnapshot:
    """An event's counter as a lock holder saw it; `at` is `time.monotonic()` before the lock."""

    event_id: int
    seats: int
    version: int
    incarnation: int
    at: float

    @property
    def published_count(self) -> PublishedCount:
        return PublishedCount(self.incarnation, self.version, self.seats)
