"""The shop as a person would describe it: what is left, what is held, what each wish should get."""

from dataclasses import dataclass, field, replace

from app.errors import (
    CapacityBelowSold,
    EventHasBookings,
    EventNotFound,
    HoldNotFound,
    IdempotencyKeyReused,
    InvalidField,
    NotEnoughHeld,
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


@dataclass(frozen=True)
class IssueWish(Wish):
    """Staff's for somebody: of seats on sale, of those held back without a name, or of a hold."""

    from_held: bool = False
    hold: int | None = None
    past_limit: bool = field(default=False, compare=False)


@dataclass
class ModelEvent:
    capacity: int
    limit: int | None
    held: int = 0
    deleted: bool = False
    holds: dict[int, int] = field(default_factory=dict)
    """Of those held back, the seats that have a name, by the hold's id."""

    @property
    def unnamed(self):
        return self.held - sum(self.holds.values())


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
        if isinstance(wish, IssueWish) and event.deleted:
            return EventNotFound
        if wish.key and (earlier := self._earlier(wish)):
            ident, its_wish = earlier
            return ident if its_wish == wish else IdempotencyKeyReused
        return self._refusal(wish, event) or NEW

    def take_held(self, wish):
        """Take a new issue's seats out of those held back, if they are of those."""
        event = self.events[wish.event]
        if wish.hold:
            event.holds[wish.hold] -= wish.seats
        if wish.hold or wish.from_held:
            event.held -= wish.seats

    def refuses_hold(self, event, seats, from_held):
        """The error that refuses a new hold, or None."""
        if self.events[event].deleted:
            return EventNotFound
        there = self.events[event].unnamed if from_held else self.left(event)
        return InvalidField if seats > there else None

    def add_hold(self, event, hold, seats, from_held):
        self.events[event].holds[hold] = seats
        self.events[event].held += 0 if from_held else seats

    def resize_hold(self, event, hold, seats):
        event, left = self.events[event], self.left(event)
        if event.deleted:
            return EventNotFound
        if hold not in event.holds:
            return HoldNotFound
        more = seats - event.holds[hold]
        if more > left:
            return InvalidField
        event.holds[hold] = seats
        event.held += more
        return None

    def release_hold(self, event, hold):
        if not (refusal := self.resize_hold(event, hold, 0)):
            del self.events[event].holds[hold]
        return refusal

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
        named = self.events[event].held - self.events[event].unnamed
        if not named <= seats <= self.events[event].capacity - self.sold(event):
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
        self.events[event].holds.clear()
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
        holds = {
            (hold, id, seats)
            for id, event in self.events.items()
            for hold, seats in event.holds.items()
        }
        return events, bookings, holds

    def _refusal(self, wish, event):
        if event.deleted:
            return EventNotFound
        hold, from_held = getattr(wish, "hold", None), getattr(wish, "from_held", False)
        if hold and hold not in event.holds:
            return HoldNotFound
        if self._is_over_limit(wish, event):
            return OverPersonLimit
        if hold or from_held:
            there = event.holds[hold] if hold else event.unnamed
            return NotEnoughHeld if wish.seats > there else None
        return NotEnoughSeats if wish.seats > self.left(wish.event) else None

    def _is_over_limit(self, wish, event):
        if event.limit is None or getattr(wish, "past_limit", False):
            return False
        theirs = sum(b.seats for b in self._confirmed(wish.event) if b.wish.user == wish.user)
        return theirs + wish.seats > event.limit

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
