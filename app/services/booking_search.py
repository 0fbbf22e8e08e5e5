"""Organisers' search of bookings: of one event or all, by person, event name or reference."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Select,
    cast,
    func,
    select,
)
from sqlalchemy.orm import contains_eager, joinedload

from app.db import db
from app.errors import EventNotFound
from app.lib.text import name_order
from app.models import (
    Admission,
    Booking,
    BookingState,
    Event,
    Refund,
    TicketType,
    User,
)
from app.models.booking import is_its_type
from app.models.references import TicketCode, read_code
from app.models.staff_scope import require_event, shown_email, within
from app.services import booking_matches
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor

BATCH = 250
MAX_COUNTED = 1_000
"""Most bookings that a page counts for a search of words that very many guests have."""


@dataclass(frozen=True)
class BookingQuery:
    event_id: int | None = None
    status: str = ""
    """A `BookingStatus`; empty for all."""
    q: str = ""
    state: str = ""
    """A `BookingState`; empty for all."""
    owed: bool = False
    """Only what is to be given back, if it was paid: see `owed_by_currency`."""


def search_bookings(
    query: BookingQuery, *, limit: int = 50, after: str | None = None
) -> Page[Booking]:
    """Bookings, newest first, with user, event and ticket type.

    Raises `InvalidField` for a bad cursor.
    """
    wanted = _chosen(query).order_by(Booking.id.desc())
    if after:
        wanted = wanted.where(Booking.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(wanted.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def search_bookings_of_event(
    event_id: int, *, limit: int = 50, after: str | None = None, **wanted: Any
) -> Page[Booking]:
    """Like `search_bookings`, for one event, and what else of a `BookingQuery` is wanted.

    Raises `EventNotFound`.
    """
    require_event(event_id)
    if db.session.get(Event, event_id) is None:
        raise EventNotFound(event_id)
    return search_bookings(BookingQuery(event_id, **wanted), limit=limit, after=after)


def count_bookings(query: BookingQuery) -> dict[str, int]:
    """Counts by state, ignoring the query's own state; the total is under ""."""
    state = Booking.state.label("state")
    counted = _wanted(select(state, func.count()).select_from(Booking), query).group_by("state")
    found: dict[str, int] = {row[0]: row[1] for row in db.session.execute(counted)}
    named = {state.value: found.get(state.value, 0) for state in BookingState}
    return {"": sum(named.values()), **named}


def count_for_page(query: BookingQuery) -> dict[str, int | None]:
    """Like `count_bookings`; None for what is more than `MAX_COUNTED` and would take long to count:
    a search of words that very many have."""
    words = [] if _code_in(query.q) else query.q.split()
    if not booking_matches.any_common(words):
        return {**count_bookings(query)}
    some = _wanted(select(Booking.state.label("state")).select_from(Booking), query)
    some = some.limit(MAX_COUNTED + 1).subquery()
    states = select(some.c.state, func.count()).group_by(some.c.state)
    found: dict[str, int] = {row[0]: row[1] for row in db.session.execute(states)}
    if (total := sum(found.values())) > MAX_COUNTED:
        return dict.fromkeys(("", *BookingState))
    return {"": total, **{state.value: found.get(state.value, 0) for state in BookingState}}


def owed_by_currency(query: BookingQuery) -> dict[str, int]:
    """What is to be given back to the guests of cancelled events if it was paid, in smallest units.

    Seats given back before the event was cancelled are not among it.
    """
    value = func.sum(cast(Booking.seats, BigInteger) * Booking.price_minor)
    wanted = select(Booking.currency, cast(value, BigInteger)).select_from(Booking)
    wanted = _of_state(_wanted(wanted, query), replace(query, owed=True))
    wanted = wanted.group_by(Booking.currency).order_by(Booking.currency)
    return {row[0]: row[1] for row in db.session.execute(wanted)}


def count_owed(query: BookingQuery) -> int:
    """How many bookings `owed_by_currency` sums."""
    counted = _wanted(select(func.count()).select_from(Booking), query)
    found: int = db.session.scalars(_of_state(counted, replace(query, owed=True))).one()
    return found


class BookingRow(NamedTuple):
    """A row of a guest list."""

    id: int
    reference: str
    state: str
    seats: int
    price_minor: int
    """Per seat."""
    created_at: datetime
    cancelled_at: datetime | None
    name: str
    email: str
    event: str
    currency: str
    start_at: datetime
    end_at: datetime | None
    payment_note: str
    issued_for: str | None
    seats_in: int
    """How many of its seats were admitted at the door."""
    first_in_at: datetime | None
    ticket_type: str
    """Name of the seats' ticket type; empty where the event has none."""
    reserved_until: datetime | None
    """Until when it waits, or waited, for a payment that did not come."""
    is_paid: bool
    """Whether a payment here brought its seats, or those of whoever gave it."""
    fee_minor: int
    """The part of `price_minor` that is the event's fee."""


_ADMITTED = Admission.booking_id == Booking.id
_NAME = func.coalesce(Booking.guest_name, User.name)
_LINE = (
    *(Booking.id, Booking.reference, Booking.state, Booking.seats, Booking.price_minor),
    *(Booking.created_at, Booking.cancelled_at, _NAME, User.email),
    *(Event.name, Booking.currency, Event.start_at, Event.end_at, Event.payment_note),
    Booking.issued_for,
    select(func.count()).where(_ADMITTED).correlate(Booking).scalar_subquery(),
    select(func.min(Admission.at)).where(_ADMITTED).correlate(Booking).scalar_subquery(),
    func.coalesce(
        select(TicketType.name).where(is_its_type()).correlate(Booking).scalar_subquery(), ""
    ),
    Booking.reserved_until,
    Booking.is_paid,
    Booking.fee_minor,
)


def iterate_bookings(query: BookingQuery) -> Iterator[BookingRow]:
    """All matching bookings in the order of names, read in batches: no transaction stays open
    during a slow download.

    Yields plain rows: creating ORM objects for a hundred thousand bookings would take seconds.
    """
    ids = _by_name(query)
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH].tolist()
        wanted = _wanted(select(*_LINE).select_from(Booking), BookingQuery())
        found = {row[0]: row for row in db.session.execute(wanted.where(Booking.id.in_(some)))}
        db.session.rollback()
        yield from (BookingRow(*found[id]) for id in some if id in found)


def _by_name(query: BookingQuery) -> "array[int]":
    """The ids of matching bookings, by their guests' names, or else emails, and then by age.

    An email that is not to be shown decides no place either.

    Sorted here: PostgreSQL as it comes in wheels knows no people's order of letters.
    """
    names = select(Booking.id, _NAME, User.email).select_from(Booking)
    # By a cursor: each batch of it is a statement, which has seconds of its own to end.
    wanted = _of_state(_wanted(names, query), query).execution_options(yield_per=10 * BATCH)
    rows = db.session.execute(wanted)
    keys = sorted((name_order(name or shown_email(email) or ""), id) for id, name, email in rows)
    db.session.rollback()
    return array("q", (id for _key, id in keys))


def _wanted(wanted: Any, query: BookingQuery) -> Any:
    """Apply the query's conditions, all but its state."""
    wanted = wanted.join(Booking.user).join(Booking.event).where(within(Booking.event_id))
    if query.event_id is not None:
        wanted = wanted.where(Booking.event_id == query.event_id)
    if code := _code_in(query.q):
        return wanted.where(Booking.reference == code.reference)
    return wanted.where(*booking_matches.conditions(query.q.split(), query.event_id))


def _code_in(q: str) -> TicketCode | None:
    """The code that is searched for; None for a name of twelve letters, which looks like one."""
    code = read_code(q)
    if code is None or not q.isalpha():
        return code
    known = select(Booking.id).where(Booking.reference == code.reference)
    return code if db.session.scalar(known) else None


def _of_state(wanted: Any, query: BookingQuery) -> Any:
    if query.status:
        wanted = wanted.where(Booking.status == query.status)
    if query.state:
        wanted = wanted.where(Booking.state == query.state)
        if query.state in {BookingState.CANCELLED, BookingState.GIVEN_BACK}:
            # Follows from the state, and leaves few bookings to be compared with words.
            wanted = wanted.where(Booking.cancelled_at.is_not(None))
    if query.owed:
        # What was paid here is owed by `Refund`, to the last paisa.
        known = select(Refund.id).where(Refund.booking_id == Booking.id).exists()
        wanted = wanted.where(Booking.is_owed, ~known)
    return wanted


def _chosen(query: BookingQuery) -> Select[Any]:
    wanted = _of_state(_wanted(select(Booking), query), query)
    chosen: Select[Any] = wanted.options(
        *(contains_eager(Booking.user), contains_eager(Booking.event)),
        joinedload(Booking.ticket_type),
    )
    return chosen
