"""The booking desk's requests and results."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.errors import UtsavamError
from app.models.booking import BookingStatus
from app.models.references import new_reference


class Guest(NamedTuple):
    """Who books without signing in; the email in its one spelling, which tells people apart."""

    email: str
    name: str


class CostLimit(NamedTuple):
    """The most that an order may cost: what its buyer was shown."""

    total_minor: int
    currency: str | None = None
    """None: whatever the event's is."""


class Item(NamedTuple):
    """A part of an order: seats of one ticket type."""

    ticket_type_id: int | None
    """None is the event's default type."""
    seats: int


@dataclass(frozen=True)
class Order:
    """A request for seats, by a user or a guest.

    The reference is generated before the insert, so that the booking can be looked up when the
    reply to COMMIT is lost.

    An order of several ticket types makes a booking for each, all or none. `seats` is their sum,
    and the first booking has the order's reference and key.
    """

    user_id: int | None
    event_id: int
    seats: int
    idempotency_key: str | None = None
    fingerprint: str | None = None
    reference: str = field(default_factory=new_reference)
    guest: Guest | None = None
    items: tuple[Item, ...] = ()
    """By ticket type, each at most once; empty for the default type."""
    code: str | None = None
    """The key of a voucher's code (`models.voucher.code_key`)."""
    limit: CostLimit | None = None
    """None: it is booked at whatever it costs."""
    ticket_type_id: int | None = None
    order_reference: str | None = None
    reserved_until: datetime | None = None
    voucher_id: int | None = None
    voucher_order: str | None = None
    """The last five are the ledger's: of one booking that the order makes."""


@dataclass(frozen=True)
class Confirmed:
    """A booking as it was recorded: confirmed, or reserved until it is paid."""

    id: int
    reference: str
    user_id: int
    event_id: int
    seats: int
    price_minor: int
    status: str = BookingStatus.CONFIRMED.value
    address_version: int = 0
    ticket_type_id: int | None = None
    order_reference: str | None = None
    reserved_until: datetime | None = None
    ticket_type: str | None = None
    """The type's name."""


@dataclass(frozen=True)
class Booked:
    """A successful order; `replayed` if an earlier request with the same key made the booking."""

    booking: Confirmed
    replayed: bool = False
    others: tuple[Confirmed, ...] = ()
    """The order's further bookings, if it was for several ticket types."""

    @property
    def bookings(self) -> tuple[Confirmed, ...]:
        """All that the order made, in its order."""
        return self.booking, *self.others


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
    left_by_type: Mapping[int | None, int] = field(default_factory=dict)
    """Seats left by ticket type, and by None of the default type; empty if the event has no types,
    or if they were not read."""
    until: float = math.inf
    """`time.monotonic()` when a reservation ends, so that more may be left than these."""

    @property
    def published_count(self) -> PublishedCount:
        return PublishedCount(self.incarnation, self.version, self.seats)
