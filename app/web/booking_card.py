"""The booking card of an event's page: the state of the sale, and the booking form."""

import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for

from app.edge.guest_tickets import kept_tickets
from app.edge.room_tickets import standing_of_visitor
from app.edge.seat_counts import seats_left, seats_version, shown_status
from app.edge.session import current_user, held_by_user, is_anonymous
from app.lib.fees import SeatCost
from app.models import Event, SaleState, TicketType
from app.models.booking import MAX_SEATS
from app.presenters.room_words import newcomer_words
from app.presenters.seat_status import SeatStatus
from app.services import tickets
from app.services.lookups import Held
from app.services.waiting_rooms import Standing
from app.web.codes import NO_CODE, TypedCode, code_words, look_up
from app.web.forms import BookingForm, GuestBookingForm
from app.web.ticket_links import by_secret
from app.web.ticket_type_rows import TypeRow, type_rows

SELLING = {"ok", "few", "last"}


@dataclass(frozen=True)
class HeldTickets:
    """What the visitor has booked: how many seats in how many bookings, and where they are."""

    seats: int
    count: int
    url: str
    reserved: int = 0
    """Those of the seats that are not paid yet."""
    pay_by: datetime | None = None
    """The minute until which the first of them wait."""

    @property
    def variant(self) -> tuple[Hashable, ...]:
        """What a page tells of it, but for the address."""
        return (self.seats, self.count, self.reserved, self.pay_by)


@dataclass(frozen=True)
class BookingCard:
    event: Event
    form: BookingForm
    held: int
    """Seats that the visitor has already booked."""
    error: str | None = None
    tickets: "HeldTickets | None" = None
    """What the visitor has booked; known to whole pages, not to the counter's polls."""
    types: Sequence[TicketType] = ()
    """All ticket types of the event."""
    left_by_type: Mapping[int, int] = field(default_factory=dict)
    """Seats left of types, where that is known better than from `types`."""
    code: TypedCode = NO_CODE
    room: Standing | None = None
    """Where the visitor stands in the event's waiting room; None if it has none."""
    status: SeatStatus = field(init=False)
    state: SaleState = field(init=False)
    rows: Sequence[TypeRow] = field(init=False)
    """The ticket types that are offered, in order; none of an event without types."""
    _plain_rows: Sequence[TypeRow] = field(init=False)
    """Those that are offered without the code, as the counter's polls know them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", shown_status(self.event))
        object.__setattr__(self, "state", self.event.sale_state())
        facts = (self.event, self.types, self.form, self.most, self.left_by_type)
        rows = type_rows(*facts, code=self.code)
        object.__setattr__(self, "rows", rows)
        plain = type_rows(*facts) if self.code.voucher else rows
        object.__setattr__(self, "_plain_rows", plain)

    @property
    def has_token(self) -> bool:
        """Whether the form has the session's token: pages for all anonymous visitors have none."""
        return not is_anonymous()

    @property
    def version(self) -> str:
        """A version of the seat counter: a poll with the same one gets a 204."""
        version = seats_version(self.event)
        return f"{version}-{self._letters}" if self.event.has_types else version

    @property
    def _letters(self) -> str:
        return "".join(row.letter for row in self._plain_rows)

    @property
    def cost(self) -> SeatCost:
        """What a seat of an event without types costs, with the code that was typed."""
        return self.code.cost_of(self.event, self.event.price_minor)

    @property
    def code_words(self) -> list[str]:
        return code_words(self.code, self.event, list(self.types))

    def flipped_since(self, version: str) -> bool:
        """Whether the form is another than on the page that has this version of the counter: the
        sale began or ended, or there are other ticket types."""
        tone, _left, letters = f"{version}--".split("-")[:3]
        if (self.status.tone in SELLING) != (tone in SELLING):
            return True
        return len(letters) != len(self._letters) or self.sells != _sells(letters)

    def rows_flipped_since(self, version: str) -> list[TypeRow]:
        """The ticket types that began or ended to be sold since a page with this version."""
        letters = f"{version}--".split("-")[2]
        return [row for row, seen in zip(self.rows, letters, strict=False) if row.letter != seen]

    @property
    def sells(self) -> bool:
        """Whether something can be booked: an event may be on sale, and none of its types."""
        return any(row.can_be_booked for row in self.rows) or not self.event.has_types

    @property
    def waits(self) -> bool:
        """Whether the visitor is led to the waiting room instead of the booking form.

        A form that was sent when the time to book was over is shown with what was typed.
        """
        waits = self.room is not None and not self.room.is_admitted
        return waits and not self.error and self.state in {SaleState.OPEN, SaleState.NOT_OPEN}

    @property
    def room_words(self) -> list[str]:
        """What whoever joins the waiting room now can expect."""
        return room_words(self.room) if self.room else []

    @property
    def can_book(self) -> bool:
        """Whether the visitor is offered the booking form."""
        if self.waits:
            return False
        early = self.code.sells_early and self.state in {SaleState.NOT_OPEN, SaleState.SOLD_OUT}
        return (self.state == SaleState.OPEN or early) and self.most > 0

    @property
    def most(self) -> int:
        """The maximum number of seats that the visitor may book now."""
        return self._bounds[0][0]

    @property
    def most_text(self) -> str:
        """The maximum in digits."""
        is_shown = self.bound == "left" and self.code.hold_left is None
        return seats_left(self.event) if is_shown else str(self.most)

    @property
    def bound(self) -> str:
        """What sets the maximum: "person", what is "left", or the size of one "booking"."""
        return self._bounds[0][1]

    @property
    def _bounds(self) -> list[tuple[int, str]]:
        """All maximums, the lowest first; of equal ones, the one that a person can do least about.

        Not negative: an organiser may lower `max_per_person` below what somebody has.
        """
        left = self.event.seats_available
        if self.code.hold_left is not None:
            left = self.code.hold_left
        bounds = [(left, "left"), (MAX_SEATS, "booking")]
        if self.event.max_per_person is not None:
            bounds.insert(0, (max(self.event.max_per_person - self.held, 0), "person"))
        return sorted(bounds, key=lambda bound: bound[0])


def _sells(letters: str) -> bool:
    return not letters or any(letter.islower() for letter in letters)


def room_words(standing: Standing) -> list[str]:
    """What whoever joins the waiting room now can expect, in sentences; none in the lobby."""
    found = standing.newcomer
    return newcomer_words(found.before, found.wait, found.outlook) if found else []


def booking_card(
    event: Event,
    *,
    types: Sequence[TicketType] = (),
    seats: int | None = None,
    key: str | None = None,
    tickets: HeldTickets | None = None,
    code: str | None = None,
) -> BookingCard:
    """Create a card whose form has a new idempotency key, good for one booking, or `key`.

    A voucher's `code` is looked up.
    """
    form = empty_form()
    form.seats.data = seats if seats and 1 <= seats <= MAX_SEATS else 1
    form.idempotency_key.data = key or new_key()
    form.code.data = code
    typed = look_up(event.id, code)
    held = seats_of_visitor(event)
    room = standing_of_visitor(event.id)
    return BookingCard(event, form, held, tickets=tickets, types=types, code=typed, room=room)


def empty_form() -> BookingForm:
    """The form for the visitor; for anonymous ones without a token, which starts no session."""
    kind = BookingForm if current_user() else GuestBookingForm
    return kind(formdata=None, meta={"csrf": not is_anonymous()})


def sent_form() -> BookingForm:
    """The form that the visitor has sent."""
    return BookingForm() if current_user() else GuestBookingForm()


def new_key() -> str:
    return secrets.token_urlsafe(24)


def renew_key(form: BookingForm) -> None:
    form.idempotency_key.data = new_key()


def seats_of_visitor(event: Event) -> int:
    return 0 if event.max_per_person is None else held_by_user(event.id).seats


def held_tickets(event_id: int) -> HeldTickets | None:
    """What the visitor has booked of the event, by their account or in this browser."""
    if is_anonymous():
        return None
    held = held_by_user(event_id)
    return _of_user(held) if current_user() else _of_browser(event_id)


def _of_user(held: Held) -> HeldTickets | None:
    if not held.bookings:
        return None
    one = url_for("my_bookings.show", booking_id=held.newest)
    url = one if held.bookings == 1 else url_for("my_bookings.index")
    return HeldTickets(held.seats, held.bookings, url, held.reserved, _minute(held.pay_by))


def _of_browser(event_id: int) -> HeldTickets | None:
    found = tickets.find_tickets(kept_tickets())
    held = [booking for booking in found if booking.event_id == event_id and booking.takes_seats]
    if not held:
        return None
    seats = sum(booking.seats for booking in held)
    url = by_secret(held[0]).to("show") if len(held) == 1 else url_for("tickets.index")
    reserved = [booking for booking in held if booking.is_reserved]
    return HeldTickets(
        seats,
        len(held),
        url,
        sum(booking.seats for booking in reserved),
        _minute(min((one.reserved_until for one in reserved if one.reserved_until), default=None)),
    )


def _minute(at: datetime | None) -> datetime | None:
    return at.replace(second=0, microsecond=0) if at else None
