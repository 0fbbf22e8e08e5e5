"""Named holds of an event: list, add, change, release; `issues` books from them."""

from collections.abc import Sequence
from typing import NamedTuple

from app.booking import holds
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.errors import VersionConflict
from app.models import Event, Hold
from app.models.staff_scope import require_event
from app.services import audit, events


class HeldSeats(NamedTuple):
    event: Event
    holds: Sequence[Hold]
    """By name."""

    @property
    def unnamed(self) -> int:
        """Seats held back without a name."""
        return max(self.event.seats_held - sum(hold.seats_left for hold in self.holds), 0)


def list_holds(event_id: int) -> HeldSeats:
    """The event's held seats, by hold. Raises `EventNotFound`."""
    event = events.get_event(event_id, drafts=True)
    return HeldSeats(event, holds.holds_of(db.session(), event_id))


def get_hold(event_id: int, hold_id: int) -> Hold:
    """Raises `EventNotFound`, `HoldNotFound`."""
    event = events.get_event(event_id, drafts=True)
    return holds.get_hold(db.session(), event, hold_id)


@retry_if_ended
def add_hold(
    event_id: int, name: str, seats: int, desk: BookingDesk, *, from_held: bool = False
) -> Hold:
    """Hold seats back for somebody: of those on sale, or of those held back without a name.

    Raises `EventNotFound`, and `InvalidField` for a name that is taken or too many seats.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        hold = holds.add(changes.session, event, name, seats, from_held=from_held)
        audit.record("hold.added", event, after={"hold": hold.name, "seats": seats})
    return hold


@retry_if_ended
def change_hold(
    event_id: int,
    hold_id: int,
    desk: BookingDesk,
    *,
    name: str | None = None,
    seats: int | None = None,
    seen: int | None = None,
) -> Hold:
    """Rename the hold or set its seats; those it loses go on sale.

    `seen` is its number of seats that the organiser saw. Raises `EventNotFound`, `HoldNotFound`,
    `VersionConflict`, and `InvalidField` for a name that is taken or too many seats.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        hold = holds.get_hold(changes.session, event, hold_id)
        _check_seen(hold, seen)
        before = {"hold": hold.name, "seats": hold.seats_left}
        if name is not None:
            holds.rename(changes.session, hold, name)
        if seats is not None:
            holds.resize(event, hold, seats)
        after = {"hold": hold.name, "seats": hold.seats_left}
        if before != after:
            audit.record("hold.changed", event, before=before, after=after)
    return hold


@retry_if_ended
def release_hold(
    event_id: int, hold_id: int, desk: BookingDesk, *, seen: int | None = None
) -> None:
    """End the hold; its seats go on sale. Raises as `change_hold` does."""
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        hold = holds.get_hold(changes.session, event, hold_id)
        _check_seen(hold, seen)
        before = {"hold": hold.name, "seats": hold.seats_left}
        holds.release(changes.session, event, hold)
        audit.record("hold.released", event, before=before)


def _check_seen(hold: Hold, seen: int | None) -> None:
    if seen not in (None, hold.seats_left):
        raise VersionConflict(hold.event_id)
