"""A door's list as devices keep it: no code can be printed from it."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app.models import CheckIn
from app.models.columns import now
from app.presenters.code_signatures import event_keys
from app.presenters.guests import name_of

HASH_BYTES = 9
"""Of a reference's digest: two of a million bookings are alike once in 10^9 events."""


class SeatIn(NamedTuple):
    seat: int
    at: datetime
    door: str
    actor: str


class Guest(NamedTuple):
    """A booking, as its door may know it."""

    booking_id: int
    reference: str
    name: str
    seats: int
    """That it takes now; none once it is cancelled."""
    left: int
    """Seats with higher numbers that it had once: given back, or to somebody else."""
    seats_in: Sequence[SeatIn]


class Conflict(NamedTuple):
    """A door without network let in somebody who is not admitted, or was admitted elsewhere."""

    check_in: CheckIn
    name: str
    earlier: Sequence[SeatIn]
    """The booking's seats that are in by other scans."""


class GuestList(NamedTuple):
    guests: Sequence[Guest]
    """A page of all, or those that have changed, as they are now."""
    cursor: str
    is_last: bool
    """Whether everything that is known now was read."""
    conflicts: Sequence[Conflict]
    """Of the last seconds."""
    is_cancelled: bool
    """Whether the event is: nobody is admitted then."""
    until: datetime
    """When a device must have forgotten the list, unless its key ends before."""


def list_facts(event_id: int, found: GuestList, key_ends: datetime | None) -> dict[str, Any]:
    """Return what a device is told, as JSON has it."""
    return {
        "guests": [_guest(guest) for guest in found.guests],
        "cursor": found.cursor,
        "is_last": found.is_last,
        "conflicts": [_conflict(one) for one in found.conflicts],
        "event_is_cancelled": found.is_cancelled,
        "signing_keys": [key.hex() for key in event_keys(event_id)],
        "now": _text(now()),
        "until": _text(min(found.until, key_ends or found.until)),
    }


def reference_hash(reference: str) -> str:
    """Return what stands for a booking's reference in a list: 72 bits of its SHA-256, base64url."""
    return urlsafe_b64encode(hashlib.sha256(reference.encode()).digest()[:HASH_BYTES]).decode()


def _guest(guest: Guest) -> dict[str, Any]:
    return {
        "booking_id": guest.booking_id,
        "reference_hash": reference_hash(guest.reference),
        "name": name_of(guest.name, ""),
        "seats": guest.seats,
        "left": guest.left,
        "seats_in": _seats(guest.seats_in),
    }


def _conflict(one: Conflict) -> dict[str, Any]:
    scan = one.check_in
    return {
        "id": str(scan.id),
        "booking_id": scan.booking_id,
        "name": name_of(one.name, ""),
        "reason": scan.reason,
        "let_in": scan.let_in,
        "admitted": len(scan.seats),
        "at": _text(scan.at),
        "door": scan.door,
        "actor": scan.actor,
        "seats_in": _seats(one.earlier),
    }


def _seats(seats: Sequence[SeatIn]) -> list[dict[str, Any]]:
    return [{**seat._asdict(), "at": _text(seat.at)} for seat in seats]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
