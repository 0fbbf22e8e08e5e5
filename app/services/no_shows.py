"""Who booked and did not come: the bookings of whom nobody is in, once the event has begun."""

from bisect import bisect_right
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from app.db import db
from app.models import Admission, Booking, Event, Phase, User
from app.models.columns import now
from app.services import events
from app.services.door_lists import name_key
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor, unknown_cursor

BATCH = 2_500


class NoShows(NamedTuple):
    event: Event
    begun: bool
    """Whether the event has begun; before, nobody is missed and the list is empty."""
    bookings: int
    """How many have not come, or are awaited."""
    seats: int
    """Their seats."""
    seats_missing: int
    """Seats that are not in of bookings of whom somebody is."""
    page: Page[Booking]
    """By name, with users and event."""


def list_no_shows(event_id: int, *, limit: int = 50, after: str | None = None) -> NoShows:
    """Raises `EventNotFound`, and `InvalidField` for a bad cursor."""
    event = events.get_event(event_id, drafts=True)
    begun = event.phase(now()) != Phase.UPCOMING
    page = _page(event_id, limit, after) if begun else Page[Booking]([])
    return NoShows(event, begun, *_figures(event_id), page)


def _figures(event_id: int) -> tuple[int, int, int]:
    seats_in = (
        select(Admission.booking_id, func.count().label("seats"))
        .where(Admission.event_id == event_id)
        .group_by(Admission.booking_id)
        .subquery()
    )
    nobody = seats_in.c.seats.is_(None)
    wanted = (
        select(
            func.count().filter(nobody),
            func.coalesce(func.sum(Booking.seats).filter(nobody), 0),
            func.coalesce(func.sum(Booking.seats - seats_in.c.seats), 0),
        )
        .select_from(Booking)
        .outerjoin(seats_in, seats_in.c.booking_id == Booking.id)
        .where(Booking.event_id == event_id, Booking.is_confirmed)
    )
    bookings, seats, missing = db.session.execute(wanted).one()
    return bookings, seats, missing


def _page(event_id: int, limit: int, after: str | None) -> Page[Booking]:
    # Sorted here: PostgreSQL as it comes in wheels knows no people's order of letters.
    rows = _names(event_id, _has_not_come(event_id))
    begins = bisect_right(rows, _seen(event_id, decode_id_cursor(after))) if after else 0
    ids, more = cut([id for _key, id in rows[begins : begins + limit + 1]], limit)
    wanted = (
        select(Booking)
        .where(Booking.id.in_(ids))
        .options(
            joinedload(Booking.user), joinedload(Booking.event), joinedload(Booking.ticket_type)
        )
    )
    found = {booking.id: booking for booking in db.session.scalars(wanted)}
    return Page([found[id] for id in ids if id in found], encode_cursor(ids[-1]) if more else None)


def _names(event_id: int, condition: ColumnElement[bool]) -> list[tuple[str, int]]:
    """The keys and ids of the event's bookings under the condition, in the order of names."""
    wanted = (
        select(func.coalesce(Booking.guest_name, User.name), User.email, Booking.id)
        .join(User, User.id == Booking.user_id)
        .where(Booking.event_id == event_id, condition)
        .execution_options(yield_per=BATCH)
    )
    return sorted((name_key(name, email), id) for name, email, id in db.session.execute(wanted))


def _seen(event_id: int, booking_id: int) -> tuple[str, int]:
    """The place of the last booking of the page before, which may have come meanwhile.

    The cursor holds no name: it stands in addresses.
    """
    seen = _names(event_id, Booking.id == booking_id)
    if not seen:
        raise unknown_cursor()
    return seen[0]


def _has_not_come(event_id: int) -> ColumnElement[bool]:
    came = select(Admission.booking_id).where(Admission.event_id == event_id)
    condition: ColumnElement[bool] = Booking.is_confirmed & Booking.id.not_in(came)
    return condition
