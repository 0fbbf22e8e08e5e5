"""How much may be booked with one place in a waiting room: what one person may."""

from collections.abc import Callable
from dataclasses import dataclass

from app.booking.orders import Booked
from app.errors import PlaceUsedUp
from app.waiting_room.spent import Spent


@dataclass(frozen=True)
class Place:
    """A place whose turn it is."""

    event_id: int
    epoch: int
    number: int
    most: int | None
    """Seats that one person may book for the event."""
    note_booked: Callable[[], None]

    def take(self, spent: Spent | None, seats: int) -> "Taken":
        """Count the seats, before they are booked: a hundred orders may come at once.

        `spent` counts those of nobody who is known, whose pass may be in many hands; None for a
        user. Raises `PlaceUsedUp`.
        """
        if spent is None or self.most is None:
            return Taken(self)
        taken = Taken(self, spent, seats)
        if spent.add_seats(self.event_id, self.epoch, self.number, seats) > self.most:
            taken.give_back()
            raise PlaceUsedUp(self.event_id, self.most, seats)
        return taken


@dataclass(frozen=True)
class Taken:
    """Seats that are counted for a place; for none, where nothing limits it."""

    place: Place | None = None
    spent: Spent | None = None
    seats: int = 0

    def book(self, book: Callable[[], Booked]) -> Booked:
        """Return what `book` books; what it does not book anew is not counted."""
        try:
            booked = book()
        except BaseException:
            self.give_back()
            raise
        if booked.replayed:
            self.give_back()
        if self.place:
            self.place.note_booked()
        return booked

    def give_back(self) -> None:
        if self.place and self.spent:
            place = self.place
            self.spent.add_seats(place.event_id, place.epoch, place.number, -self.seats)


NOTHING = Taken()
