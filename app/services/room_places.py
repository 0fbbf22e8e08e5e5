"""How much may be booked with one place in a waiting room: what one person may."""

from collections.abc import Callable
from dataclasses import dataclass

from app.booking.orders import Booked
from app.errors import PlaceUsedUp
from app.waiting_room.spent import Spent


@dataclass(frozen=True)
class Place:
    """A place whose turn it is, of nobody who is known: a pass may be in many hands."""

    event_id: int
    epoch: int
    number: int
    most: int
    """Seats that one person may book for the event."""

    def take(self, spent: Spent, seats: int) -> "Taken":
        """Count the seats, before they are booked: a hundred orders may come at once.

        Raises `PlaceUsedUp`.
        """
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
        return booked

    def give_back(self) -> None:
        if self.place and self.spent:
            place = self.place
            self.spent.add_seats(place.event_id, place.epoch, place.number, -self.seats)


NOTHING = Taken()
