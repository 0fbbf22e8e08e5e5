"""Arithmetic on an event's seats: what is left to sell is what is neither sold nor held back.

Nothing outside this package writes `seats_available`, `seats_held` or `version` of an event; a
test holds it. But for a preview, the event's row is locked by `desk.changing`.
"""

from app.errors import CapacityBelowSold, InvalidField
from app.models import Event


def open_seats(event: Event) -> None:
    """Put a new event's seats on sale, but for those held back.

    Raises `InvalidField` when more are held back than there are.
    """
    event.seats_held = event.seats_held or 0
    event.seats_available = event.capacity - event.seats_held
    if event.seats_available < 0:
        raise _too_many_held(event)


def give_back(event: Event, seats: int) -> None:
    """Put seats of a booking on sale again."""
    event.seats_available += seats


def resize(event: Event, *, capacity: int | None = None, held: int | None = None) -> None:
    """Change how many seats there are, and how many of them are held back; None leaves a figure.

    Raises `CapacityBelowSold`, and `InvalidField` for more held back than are neither sold nor
    held already.
    """
    sold = event.seats_sold
    event.capacity = event.capacity if capacity is None else capacity
    event.seats_held = event.seats_held if held is None else held
    event.seats_available = event.capacity - sold - event.seats_held
    if event.seats_available >= 0:
        return
    if held is not None and sold <= event.capacity:
        raise _too_many_held(event)
    raise CapacityBelowSold(event.capacity, sold, event.seats_held)


def release_all(event: Event) -> None:
    """As of an event whose bookings are all cancelled: nothing is sold and nothing held back."""
    event.seats_available, event.seats_held = event.capacity, 0


def blank_event(**facts: object) -> Event:
    """An event without any seats, for a preview of one that is not made yet."""
    return Event(capacity=0, seats_available=0, seats_held=0, version=1, **facts)


def _too_many_held(event: Event) -> InvalidField:
    return InvalidField("seats_held", f"can be at most {event.seats_held + event.seats_available}")
