"""Takes away what a rehearsal of an on-sale has left (docs/rehearsal.md), and nothing else.

A rehearsal's people have addresses that nobody can have: of example.com, which is reserved (RFC
2606), with the rehearsal's random name in them. Only they and their own bookings go. An event goes
when it bears that name and no booking of anybody else is left.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.models import Booking, Event, User
from app.services import audit, events, sales

RUN = re.compile(r"[0-9a-f]{8}")
"""A rehearsal's name."""
VENUE = "Not a real event"
BATCH = 500
"""Rows in a transaction, so that none holds locks for long."""


@dataclass
class Removed:
    events: int = 0
    bookings: int = 0
    users: int = 0
    kept: int = 0
    """Bookings that somebody else made of the rehearsal's event. They stay, and so does it."""


def remove(run: str, desk: BookingDesk, zone: ZoneInfo) -> Removed:
    """Remove the people, the bookings, the sums and the event of a rehearsal; may be repeated.

    `zone` is that of the sums by day. An event that somebody else has booked is not deleted here:
    whoever does it on its page is asked first.
    """
    removed = Removed()
    if not RUN.fullmatch(run):
        return removed
    for event in _events_of(run):
        if event.deleted_at is None:
            if others := _confirmed_of_others(event.id, run):
                return Removed(kept=others)
            events.delete_event(event.id, desk, force=True)
    of_event = Booking.event_id.in_([event.id for event in _events_of(run)])
    # Parts first: each refers to the booking that it was a part of.
    for which in (of_event & Booking.part_of.is_not(None), of_event):
        while count := _remove_bookings(which, run):
            removed.bookings += count
    while count := _remove_users(run):
        removed.users += count
    for event in _events_of(run):
        _remove_event(event.id, removed, zone)
    return removed


def _events_of(run: str) -> Sequence[Event]:
    wanted = select(Event).where(Event.name == f"Rehearsal {run}", Event.venue == VENUE)
    return db.session.scalars(wanted.order_by(Event.id)).all()


def is_of_any() -> ColumnElement[bool]:
    """Whether a user is one of a rehearsal's people, whom no letter could reach."""
    return User.email.regexp_match(_people_of(RUN.pattern))


def _people_of(run: str) -> str:
    return f"^rehearsal-{run}-[0-9]+@example[.]com$"


def _is_of(run: str) -> ColumnElement[bool]:
    """Whether a user is one of the rehearsal's people."""
    return User.email.regexp_match(_people_of(run))


def _confirmed_of_others(event_id: int, run: str) -> int:
    found = (
        select(func.count())
        .select_from(Booking)
        .join(User, User.id == Booking.user_id)
        .where(Booking.event_id == event_id, Booking.takes_seats, ~_is_of(run))
    )
    return db.session.scalar(found) or 0


def _remove_bookings(which: ColumnElement[bool], run: str) -> int:
    part = aliased(Booking)
    found = (
        select(Booking.id)
        .join(User, User.id == Booking.user_id)
        .where(which, _is_of(run), ~exists().where(part.part_of == Booking.id))
        .order_by(Booking.id)
        .limit(BATCH)
    )
    with transaction() as session:
        return _count(session, delete(Booking).where(Booking.id.in_(found)).returning(Booking.id))


def _remove_users(run: str) -> int:
    """Remove people without bookings; one who booked another event stays, as that booking does."""
    found = (
        select(User.id)
        .where(_is_of(run), ~exists().where(Booking.user_id == User.id))
        .order_by(User.id)
        .limit(BATCH)
        .with_for_update()
    )
    with transaction() as session:
        ids = session.scalars(found).all()
        # Looked at again under the lock: a booking may just have been made.
        idle = delete(User).where(User.id.in_(ids), ~exists().where(Booking.user_id == User.id))
        return _count(session, idle.returning(User.id))


def _remove_event(event_id: int, removed: Removed, zone: ZoneInfo) -> None:
    with transaction() as session:
        event = session.get_one(Event, event_id, with_for_update=True, populate_existing=True)
        left = session.scalars(select(Booking.id).where(Booking.event_id == event_id)).all()
        removed.kept += len(left)
        sales.sum_again(session, event_id, zone)
        facts = {"bookings": removed.bookings, "users": removed.users, "kept": len(left)}
        audit.record("rehearsal.removed", event, before=facts)
        if not left:
            session.delete(event)
            removed.events += 1


def _count(session: Session, statement: object) -> int:
    found = session.execute(
        statement.execution_options(synchronize_session=False)  # type: ignore[attr-defined]
    )
    return len(found.all())
