"""Arithmetic on an event's seats: those on sale are neither sold nor held back.

Nothing outside this package writes `seats_available`, `seats_held` or `version` of an event, which
a test enforces. Except for previews, the event's row is locked by `BookingDesk.changing`.
"""

from app.errors import CapacityBelowSold, InvalidField
from app.models import Event


def open_seats(event: Event) -> None:
    """Put a new event's seats on sale, except those held back.

    Raises `InvalidField` when more are held back than there are.
    """
    event.seats_held = event.seats_held or 0
    event.seats_available = event.capacity - event.seats_held
    if event.seats_available < 0:
        raise _too_many_held(event)


def give_back(event: Event, seats: int) -> None:
    """Put a booking's seats back on sale."""
    event.seats_available += seats


def resize(
    event: Event, *, capacity: int | None = None, held: int | None = None, named: int = 0
) -> None:
    """Change the capacity and the number of seats held back; None leaves a figure as it is.

    `named` of those held back are in named holds. Raises `CapacityBelowSold` when the capacity is
    less than the seats sold and held back, and `InvalidField` when `held` exceeds the unsold seats
    or is less than `named`.
    """
    if held is not None and held < min(named, event.seats_held):
        raise InvalidField("seats_held", f"can be {named} at least, which named holds have")
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
    """Put all seats on sale, once every booking is cancelled; none is held back any more."""
    event.seats_available, event.seats_held = event.capacity, 0


def blank_event(**facts: object) -> Event:
    """Return an unsaved event without seats, for the preview of a new event."""
    return Event(capacity=0, seats_available=0, seats_held=0, version=1, **facts)


def _too_many_held(event: Event) -> InvalidField:
    return InvalidField("seats_held", f"can be at most {event.seats_held + event.seats_available}")
