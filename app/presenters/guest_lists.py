"""A door's list as devices keep it: no code can be printed from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app.models import CheckIn
from app.models.columns import now
from app.presenters.code_signatures import event_keys

HASH_BYTES = 9
"""Of a reference's SHA-256, in base64url, which stands for it in a list: two of a million bookings
are alike once in 10^9 events."""


class Conflict(NamedTuple):
    """A door without network let in somebody who is not admitted, or was admitted elsewhere."""

    check_in: CheckIn
    guest: dict[str, Any] | None
    """As in the list; None for a code that nothing is known of."""


class GuestList(NamedTuple):
    guests: str
    """A page of all, or those that have changed, as they are now: JSON objects with commas."""
    cursor: str
    is_last: bool
    """Whether everything that is known now was read."""
    conflicts: Sequence[Conflict]
    """Of the last seconds."""
    is_cancelled: bool
    """Whether the event is: nobody is admitted then."""
    until: datetime
    """When a device must have forgotten the list, unless its key ends before."""
    ticket_types: Sequence[dict[str, Any]]
    """The event's as they are called now, as JSON has them."""


def list_facts(event_id: int, found: GuestList, key_ends: datetime | None) -> dict[str, Any]:
    """Return what a device is told beside its `guests`, as JSON has it."""
    return {
        "cursor": found.cursor,
        "is_last": found.is_last,
        "conflicts": [_conflict(one) for one in found.conflicts],
        "event_is_cancelled": found.is_cancelled,
        "ticket_types": found.ticket_types,
        "signing_keys": [key.hex() for key in event_keys(event_id)],
        "now": _text(now()),
        "until": _text(min(found.until, key_ends or found.until)),
    }


def _conflict(one: Conflict) -> dict[str, Any]:
    scan, guest = one.check_in, one.guest or {}
    return {
        "id": str(scan.id),
        "booking_id": scan.booking_id,
        "name": guest.get("name", ""),
        "reason": scan.reason,
        "let_in": scan.let_in,
        "admitted": len(scan.seats),
        "at": _text(scan.at),
        "door": scan.door,
        "actor": scan.actor,
        "seats_in": guest.get("seats_in", []),
    }


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
