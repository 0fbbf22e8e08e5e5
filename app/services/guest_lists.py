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
    null,
    or_,
    select,
    table,
    union_all,
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
    ids, last, more = _touched(event_id, last, since)
    following = since if more else facts.known_until
    return GuestList(
        _guests(ids),
        encode_cursor(last, following.isoformat()),
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


def _touched(event_id: int, last: int, since: datetime) -> tuple[set[int], int, bool]:
    """Bookings to tell of, the last new one, and whether more follow that one."""
    given = {"event_id": event_id, "since": since, "last": last, "limit": PAGE + 1}
    found = db.session.execute(_TOUCHED, given).all()
    all_new = sorted((row.new_id, row.booking_id) for row in found if row.new_id is not None)
    new, more = cut(all_new, PAGE)
    changed = [] if more else [row.booking_id for row in found if row.new_id is None]
    ids = {booking_id for booking_id in (*(one[1] for one in new), *changed) if booking_id}
    return ids, new[-1][0] if new else last, more


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
# Built once: to build them took a millisecond.
_ID = bindparam("event_id", type_=BigInteger)
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_NEW = (
    select(
        func.coalesce(Booking.part_of, Booking.id).label("booking_id"), Booking.id.label("new_id")
    )
    .where(Booking.event_id == _ID, Booking.id > bindparam("last", type_=BigInteger))
    .order_by(Booking.id)
    .limit(bindparam("limit", type_=BigInteger))
    .subquery()
)
_OLD = null().cast(BigInteger)
_GIVEN = or_(Gift.given_at >= _SINCE, Gift.accepted_at >= _SINCE, Gift.taken_back_at >= _SINCE)
_TOUCHED: Any = union_all(
    select(_NEW.c.booking_id, _NEW.c.new_id),
    select(func.coalesce(Booking.part_of, Booking.id), _OLD).where(
        Booking.event_id == _ID, Booking.cancelled_at >= _SINCE
    ),
    select(CheckIn.booking_id, _OLD).where(CheckIn.event_id == _ID, CheckIn.received_at >= _SINCE),
    *(
        select(side, _OLD).where(Gift.event_id == _ID, _GIVEN)
        for side in (Gift.from_id, Gift.booking_id)
    ),
)
"""Bookings that are new after the last one, in their order, with their ids; and those that were
cancelled, scanned, or given away from or to."""
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
    exists(_conflicts_of(_ID).where(CheckIn.received_at >= _SINCE)).label("has_conflicts"),
).where(Event.id == _ID, Event.deleted_at.is_(None))
