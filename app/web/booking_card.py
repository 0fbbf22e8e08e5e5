"""The booking card of an event's page: the state of the sale, and the booking form."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from app.edge.session import current_user
from app.models import Event, SaleState
from app.models.booking import MAX_SEATS
from app.presenters.seat_status import SeatStatus, seat_status
from app.services import bookings
from app.web.forms import BookingForm

SELLING = {"ok", "few", "last"}


@dataclass(frozen=True)
class HeldTicket:
    seats: int
    booking_ids: list[int]


@dataclass(frozen=True)
class BookingCard:
    event: Event
    form: BookingForm
    held: int
    """Seats that the visitor has already booked."""
    error: str | None = None
    status: SeatStatus = field(init=False)
    state: SaleState = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", seat_status(self.event))
        object.__setattr__(self, "state", self.event.sale_state())

    @cached_property
    def ticket(self) -> "HeldTicket | None":
        """What the visitor has booked; asked for by whole pages, not by the counter's polls."""
        user = current_user()
        ids = bookings.ids_of_user(user.id, self.event.id) if user else []
        if user is None or not ids:
            return None
        return HeldTicket(bookings.seats_of_user(user.id, self.event.id), ids)

    @property
    def version(self) -> str:
        return seats_version(self.event)

    def flipped_since(self, tone: str) -> bool:
        """Whether the sale began or ended since the page showed `tone`: the form changes then."""
        return (self.status.tone in SELLING) != (tone in SELLING)

    @property
    def can_book(self) -> bool:
        """Whether the visitor is offered the booking form."""
        return self.state == SaleState.OPEN and self.most > 0

    @property
    def most(self) -> int:
        """The maximum number of seats that the visitor may book now."""
        return self._bounds[0][0]

    @property
    def bound(self) -> str:
        """What sets the maximum: "person", what is "left", or the size of one "booking"."""
        return self._bounds[0][1]

    @property
    def _bounds(self) -> list[tuple[int, str]]:
        """All maximums, the lowest first; of equal ones, the one that a person can do least about.

        Not negative: an organiser may lower `max_per_person` below what somebody has.
        """
        bounds = [(self.event.seats_available, "left"), (MAX_SEATS, "booking")]
        if self.event.max_per_person is not None:
            bounds.insert(0, (max(self.event.max_per_person - self.held, 0), "person"))
        return sorted(bounds, key=lambda bound: bound[0])


def seats_version(event: Event) -> str:
    """A version of the seat counter: a poll with the same one gets a 204."""
    return f"{seat_status(event).tone}-{event.seats_available}"


def booking_card(event: Event, *, seats: int | None = None) -> BookingCard:
    """Create a card whose form has a new idempotency key, good for one booking.

    For anonymous visitors, who can't book, the form has no CSRF token and so starts no session.
    """
    form = BookingForm(formdata=None, meta={"csrf": current_user() is not None})
    form.seats.data = seats if seats and 1 <= seats <= MAX_SEATS else 1
    renew_key(form)
    return BookingCard(event, form, seats_of_visitor(event))


def renew_key(form: BookingForm) -> None:
    form.idempotency_key.data = secrets.token_urlsafe(24)


def seats_of_visitor(event: Event) -> int:
    user = current_user()
    if user is None or event.max_per_person is None:
        return 0
    return bookings.seats_of_user(user.id, event.id)
