"""The list that a door keeps for when it has no network, in pages, and then what has changed.

A device reads all of an event's bookings once, then asks every few seconds with the cursor that it
was given last. Within an event, bookings commit in the order of their ids, since each is made under
the event's lock. Scans do not: a scan has the time at which its transaction began, and is asked for
again as long as an older one may still commit. What is told twice is the same twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Select,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    table,
    union,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.booking.arrays import rows_of
from app.db import db
from app.errors import EventNotFound
from app.models import Admission, Booking, CheckIn, Event, EventStatus, Gift, User
from app.models.booking import takes_seats
from app.models.columns import now
from app.models.event import ends_at
from app.models.staff_scope import require_event, shown_email
from app.presenters.guest_lists import Conflict, Guest, GuestList, SeatIn
from app.services import events
from app.services.doors import AFTERWARDS
from app.services.paging import cut, decode_cursor, decode_id, encode_cursor, unknown_cursor

PAGE = 2_000
"""Bookings read at once: some 50 ms of a process, in which it answers nobody else."""
SKEW = timedelta(seconds=2)
"""By which the clocks of the machines may differ: a cancellation has the time of the web's."""
LONGEST_TRANSACTION = timedelta(seconds=30)
"""Of those that write: a backup reads for hours."""
MOST_CONFLICTS = 20


def read(event_id: int, after: str | None = None) -> GuestList:
    """Return the next part of an event's list after a cursor, from the first without one.

    Raises `EventNotFound`, and `InvalidField` for a bad cursor.
    """
    last, since = (0, now() - LONGEST_TRANSACTION) if after is None else _position(after)
    facts = _facts_of(event_id, since)
    rows, more = cut(_bookings_after(event_id, last), PAGE)
    ids = {row.part_of or row.id for row in rows}
    if not more:
        ids |= _changed(event_id, since)
    return GuestList(
        _guests(ids),
        encode_cursor(
            rows[-1].id if rows else last, (since if more else facts.known_until).isoformat()
        ),
        not more,
        _conflicts(event_id, since) if facts.has_conflicts and not more else (),
        facts.status == EventStatus.CANCELLED,
        ends_at(facts) + AFTERWARDS,
    )


def list_conflicts(event_id: int, limit: int) -> Sequence[CheckIn]:
    """Scans of doors that let in somebody by their own list and were wrong, the newest first.

    Raises `EventNotFound` outside the key's scope.
    """
    events.get_event(event_id, drafts=True)
    wanted = _conflicts_of(event_id).order_by(CheckIn.received_at.desc(), CheckIn.id)
    return db.session.scalars(wanted.limit(limit)).all()


def _facts_of(event_id: int, since: datetime) -> Any:
    """The event, until when all is known, and whether there are conflicts since."""
    require_event(event_id)
    row = db.session.execute(_FACTS, {"event_id": event_id, "since": since}).one_or_none()
    if row is None:
        raise EventNotFound(event_id)
    return row


def _position(after: str) -> tuple[int, datetime]:
    last, since = decode_cursor(after, 2)
    try:
        found = datetime.fromisoformat(since)
    except ValueError as error:
        raise unknown_cursor() from error
    if found.tzinfo is None:
        raise unknown_cursor()
    return decode_id(last), found


def _bookings_after(event_id: int, last: int) -> Sequence[Any]:
    wanted = select(Booking.id, Booking.part_of).where(
        Booking.event_id == event_id, Booking.id > last
    )
    return db.session.execute(wanted.order_by(Booking.id).limit(PAGE + 1)).all()


def _changed(event_id: int, since: datetime) -> set[int]:
    """The event's bookings that were cancelled since then, scanned, or given away from or to."""
    cancelled = select(func.coalesce(Booking.part_of, Booking.id)).where(
        Booking.event_id == event_id, Booking.cancelled_at >= since
    )
    scanned = select(CheckIn.booking_id).where(
        CheckIn.event_id == event_id, CheckIn.received_at >= since
    )
    moments = (Gift.given_at, Gift.accepted_at, Gift.taken_back_at)
    given = or_(*(moment >= since for moment in moments))
    sides = (
        select(side).where(Gift.event_id == event_id, given)
        for side in (Gift.from_id, Gift.booking_id)
    )
    found = db.session.scalars(union(cancelled, scanned, *sides))
    return {booking_id for booking_id in found if booking_id is not None}


def _guests(ids: set[int]) -> list[Guest]:
    found = db.session.execute(_GUESTS, {"given_id": sorted(ids)}) if ids else ()
    return [
        Guest(
            row.id,
            row.reference,
            row.guest_name or row.name or (shown_email(row.email) or "").partition("@")[0],
            row.seats if takes_seats(row.status) else 0,
            row.parts + row.seats_given_away + (0 if takes_seats(row.status) else row.seats),
            [SeatIn(seat, datetime.fromisoformat(at), *by) for seat, at, *by in row.seats_in or ()],
        )
        for row in found
    ]


def _conflicts_of(event_id: Any) -> Select[CheckIn]:
    return select(CheckIn).where(CheckIn.event_id == event_id, CheckIn.is_conflict)


def _conflicts(event_id: int, since: datetime) -> list[Conflict]:
    wanted = _conflicts_of(event_id).where(CheckIn.received_at >= since)
    found = db.session.scalars(wanted.order_by(CheckIn.received_at).limit(MOST_CONFLICTS)).all()
    guests = {guest.booking_id: guest for guest in _guests(_booking_ids(found))}
    return [
        Conflict(one, guest.name if guest else "", guest.seats_in if guest else ())
        for one in found
        for guest in [guests.get(one.booking_id or 0)]
    ]


def _booking_ids(found: Iterable[CheckIn]) -> set[int]:
    return {one.booking_id for one in found if one.booking_id is not None}


_PART = aliased(Booking)
_SEAT = func.json_build_array(Admission.seat, Admission.at, Admission.door, Admission.actor)
_IDS = rows_of(id=BigInteger)
# One by one by their keys: of a table that was not analysed yet, PostgreSQL would rather read all.
_GUESTS = select(
    select(
        Booking.id,
        Booking.reference,
        Booking.guest_name,
        Booking.seats,
        Booking.status,
        Booking.seats_given_away,
        User.name,
        User.email,
        select(func.coalesce(func.sum(_PART.seats), 0))
        .where(_PART.part_of == Booking.id)
        .scalar_subquery()
        .label("parts"),
        select(func.json_agg(aggregate_order_by(_SEAT, Admission.seat)))
        .where(Admission.booking_id == Booking.id)
        .scalar_subquery()
        .label("seats_in"),
    )
    .join(User, User.id == Booking.user_id)
    .where(Booking.id == _IDS.c.id)
    .limit(1)
    .lateral()
).select_from(_IDS)
_ID = bindparam("event_id", type_=BigInteger)
_BACKENDS = table("pg_stat_activity", column("xact_start"), column("datname"))
_FACTS = select(
    Event.status,
    Event.start_at,
    Event.end_at,
    select(
        func.greatest(
            func.min(_BACKENDS.c.xact_start) - SKEW,
            func.now() - LONGEST_TRANSACTION,
            type_=DateTime(timezone=True),
        )
    )
    .where(_BACKENDS.c.datname == func.current_database())
    .scalar_subquery()
    # What has an earlier time is committed, or never will be.
    .label("known_until"),
    exists(
        _conflicts_of(_ID).where(
            CheckIn.received_at >= bindparam("since", type_=DateTime(timezone=True))
        )
    ).label("has_conflicts"),
).where(Event.id == _ID, Event.deleted_at.is_(None))
