"""The shop as a person would describe it: what is left, what is held, what each wish should get."""

from dataclasses import dataclass, replace

from app.errors import (
    CapacityBelowSold,
    EventHasBookings,
    EventNotFound,
    IdempotencyKeyReused,
    InvalidField,
    NotEnoughSeats,
    OverPersonLimit,
)

NEW = "a new booking"


@dataclass(frozen=True)
class Wish:
    user: int
    event: int
    seats: int
    key: str | None = None

    @property
    def name(self):
        """What a repeated wish is recognised by."""
        return (self.user, self.key)


@dataclass
class ModelEvent:
    capacity: int
    limit: int | None
    held: int = 0
    deleted: bool = False


@dataclass
class ModelBooking:
    wish: Wish
    confirmed: bool = True
    given_back: int = 0

    @property
    def seats(self):
        return self.wish.seats - self.given_back


class Model:
    def __init__(self):
        self.events, self.bookings = {}, {}

    def sold(self, event):
        return sum(booking.seats for booking in self._confirmed(event))

    def left(self, event):
        return self.events[event].capacity - self.events[event].held - self.sold(event)

    def verdict(self, wish):
        """The earlier booking's id, the error that refuses the wish, or `NEW`."""
        event = self.events[wish.event]
        if wish.key and (earlier := self._earlier(wish)):
            ident, its_wish = earlier
            return ident if its_wish == wish else IdempotencyKeyReused
        if event.deleted:
            return EventNotFound
        held = sum(b.seats for b in self._confirmed(wish.event) if b.wish.user == wish.user)
        if event.limit is not None and held + wish.seats > event.limit:
            return OverPersonLimit
        return NotEnoughSeats if wish.seats > self.left(wish.event) else NEW

    def cancel(self, booking):
        """Whether the cancellation changes anything: not the second time."""
        changes = self.bookings[booking].confirmed
        self.bookings[booking].confirmed = False
        return changes

    def give_back(self, booking, keep):
        """Whether it changes anything, or the error that refuses it."""
        booking = self.bookings[booking]
        if not booking.confirmed or booking.seats == keep:
            return False
        if keep > booking.seats:
            return InvalidField
        booking.given_back = booking.wish.seats - keep
        return True

    def resize(self, event, capacity):
        if self.events[event].deleted:
            return EventNotFound
        if capacity < self.sold(event) + self.events[event].held:
            return CapacityBelowSold
        self.events[event].capacity = capacity
        return None

    def hold(self, event, seats):
        if self.events[event].deleted:
            return EventNotFound
        if seats > self.events[event].capacity - self.sold(event):
            return InvalidField
        self.events[event].held = seats
        return None

    def delete(self, event, force):
        """How many bookings it cancels, or the error that refuses it."""
        confirmed = self._confirmed(event)
        if self.events[event].deleted:
            return EventNotFound
        if confirmed and not force:
            return EventHasBookings
        self.events[event].deleted, self.events[event].held = True, 0
        for booking in confirmed:
            booking.confirmed = False
        return len(confirmed)

    def rows(self):
        """As `Shop.rows` reads them from the database."""
        events = {
            (id, event.capacity, self.left(id), event.held, event.deleted)
            for id, event in self.events.items()
        }
        bookings = {
            (id, b.wish.user, b.wish.event, b.seats, b.wish.key, b.confirmed)
            for id, b in self.bookings.items()
        }
        return events, bookings

    def _confirmed(self, event):
        return [b for b in self.bookings.values() if b.wish.event == event and b.confirmed]

    def _earlier(self, wish):
        for ident, booking in self.bookings.items():
            if booking.wish.name == wish.name:
                return ident, booking.wish
        return None


def other_wish(wish, seats):
    """Under the same key, another number of seats."""
    return replace(wish, seats=wish.seats + seats)
