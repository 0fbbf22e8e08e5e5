"""The list that a door keeps for when it has no network, in pages, and then what has changed.

A device reads all of an event's bookings once, then asks every few seconds with the cursor that it
was given last. Within an event, bookings commit in the order of their ids, since each is made under
the event's lock. Scans do not: a scan has the time at which its transaction began, and is asked for
again as long as an older one may still commit. What is told twice is the same twice.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.db import db
from app.errors import EventNotFound
from app.models import CheckIn, EventStatus
from app.models.columns import now
from app.models.event import ends_at
from app.models.staff_scope import require_event, scope
from app.presenters.guest_lists import Conflict, GuestList
from app.presenters.guests import name_of
from app.services import events, guest_list_queries
from app.services.doors import AFTERWARDS
from app.services.guest_list_queries import LONGEST_TRANSACTION
from app.services.paging import cut, decode_cursor, decode_id, encode_cursor, unknown_cursor

PAGE = 2_000
"""Bookings read at once: some 50 ms of a process, in which it answers nobody else."""
MOST_CONFLICTS = 20


def read(event_id: int, after: str | None = None) -> GuestList:
    """Return the next part of an event's list after a cursor, from the first without one.

    Raises `EventNotFound`, and `InvalidField` for a bad cursor.
    """
    last, since = (0, now() - LONGEST_TRANSACTION) if after is None else _position(after)
    news = _news(event_id, last, since)
    all_new = sorted((new_id, booking_id) for booking_id, new_id in news.touched or () if new_id)
    new, more = cut(all_new, PAGE)
    changed = (
        [] if more else [booking_id for booking_id, new_id in news.touched or () if not new_id]
    )
    following = since if more else news.known_until
    return GuestList(
        _guests(
            {booking_id for booking_id in (*(pair[1] for pair in new), *changed) if booking_id}
        ),
        encode_cursor(new[-1][0] if new else last, following.isoformat()),
        not more,
        _conflicts(event_id, since) if news.has_conflicts and not more else (),
        news.status == EventStatus.CANCELLED,
        ends_at(news) + AFTERWARDS,
        news.ticket_types or [],
    )


def list_conflicts(event_id: int, limit: int) -> Sequence[CheckIn]:
    """Scans of doors that let in somebody by their own list and were wrong, the newest first.

    Raises `EventNotFound` outside the key's scope.
    """
    events.get_event(event_id, drafts=True)
    wanted = guest_list_queries.conflicts_of(event_id).order_by(
        CheckIn.received_at.desc(), CheckIn.id
    )
    return db.session.scalars(wanted.limit(limit)).all()


def _news(event_id: int, last: int, since: datetime) -> Any:
    require_event(event_id)
    given = {"event_id": event_id, "since": since, "last": last, "limit": PAGE + 1}
    row = db.session.execute(guest_list_queries.NEWS, given).one_or_none()
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


def _guests(ids: set[int]) -> str:
    given = {"given_id": sorted(ids), "emails": scope().emails, "nameless": name_of("", "")}
    found = db.session.scalars(guest_list_queries.GUESTS, given).one() if ids else None
    return found or ""


def _conflicts(event_id: int, since: datetime) -> list[Conflict]:
    wanted = guest_list_queries.conflicts_of(event_id).where(CheckIn.received_at >= since)
    found = db.session.scalars(wanted.order_by(CheckIn.received_at).limit(MOST_CONFLICTS)).all()
    ids = {one.booking_id for one in found if one.booking_id is not None}
    guests = {one["booking_id"]: one for one in json.loads(f"[{_guests(ids)}]")}
    return [Conflict(one, guests.get(one.booking_id)) for one in found]
