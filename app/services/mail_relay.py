"""The relay: makes letters of the journal's entries, in the transaction that deletes them.

Entries are taken with SKIP LOCKED, so that several workers share them and none is told twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import get_locale
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    delete,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session

from app.db import transaction
from app.models import Booking, BookingState, Event, Happened, JournalEntry, Mail, User
from app.services import rehearsals

MAX_ENTRIES = 100
"""Entries in one transaction; one of the desk's may hold a hundred bookings."""
LETTERS = {
    Happened.BOOKED: "ticket",
    Happened.GIVEN_BACK: "seats_given_back",
    Happened.EVENT_CHANGED: "event_changed",
    Happened.EVENT_CANCELLED: "event_cancelled",
    Happened.MESSAGE: "message",
    Happened.REMINDER: "reminder",
}
STATES = {
    Happened.EVENT_CHANGED: (BookingState.CONFIRMED,),
    Happened.EVENT_CANCELLED: (BookingState.EVENT_CANCELLED,),
    Happened.MESSAGE: (BookingState.CONFIRMED, BookingState.EVENT_CANCELLED),
    Happened.REMINDER: (BookingState.CONFIRMED,),
}
"""Whom an event's news concern: those whose bookings are in one of these states."""
_COLUMNS = (
    *("letter", "bulk", "recipient", "locale", "user_id", "booking_id", "event_id"),
    *("guest_message_id", "facts"),
)


def relay() -> int:
    """Turn the oldest entries into letters; returns how many entries."""
    with transaction() as session:
        oldest = (
            select(JournalEntry.id)
            .order_by(JournalEntry.id)
            .limit(MAX_ENTRIES)
            .with_for_update(skip_locked=True)
        )
        taken = (
            delete(JournalEntry)
            .where(JournalEntry.id.in_(oldest.scalar_subquery()))
            .returning(
                JournalEntry.kind,
                JournalEntry.event_id,
                JournalEntry.booking_ids,
                JournalEntry.facts,
            )
            .execution_options(synchronize_session=False)
        )
        entries = session.execute(taken).all()
        booked = [id for entry in entries if entry.kind == Happened.BOOKED for id in entry[2]]
        if booked:
            _owe(session, Happened.BOOKED, _of_bookings(booked) & Booking.takes_seats, {})
        for kind, event_id, booking_ids, facts in entries:
            if kind == Happened.GIVEN_BACK:
                _owe(session, Happened.GIVEN_BACK, _of_bookings(booking_ids), facts)
            elif kind != Happened.BOOKED:
                _owe_to_guests(session, Happened(kind), event_id, facts)
    return len(entries)


def _of_bookings(ids: Sequence[int]) -> ColumnElement[bool]:
    return Booking.id.in_(ids)


def _owe(
    session: Session, kind: Happened, which: ColumnElement[bool], facts: Mapping[str, Any]
) -> None:
    _insert(session, _letters(kind, facts).where(which).order_by(Booking.id))


def _owe_to_guests(
    session: Session, kind: Happened, event_id: int, facts: Mapping[str, Any]
) -> None:
    """One letter to each person, with the newest of their bookings."""
    query = (
        _letters(kind, facts)
        .join(Event, Event.id == Booking.event_id)
        .where(Booking.event_id == event_id, Booking.part_of.is_(None))
        .where(Booking.state.in_(STATES[kind]))
        .ext(distinct_on(Booking.user_id))
        .order_by(Booking.user_id, Booking.id.desc())
    )
    _insert(session, query)


def _letters(kind: Happened, facts: Mapping[str, Any]) -> Select[Any]:
    return (
        select(
            literal(LETTERS[kind]),
            literal(kind in STATES),
            User.email,
            literal(str(get_locale() or "en_IN")),
            User.id,
            Booking.id,
            Booking.event_id,
            literal(facts.get("message"), BigInteger),
            bindparam("facts", dict(facts), type_=JSONB),
        )
        .select_from(Booking)
        .join(User, User.id == Booking.user_id)
        .where(User.deleted_at.is_(None), ~rehearsals.is_of_any())
    )


def _insert(session: Session, letters: Select[Any]) -> None:
    session.execute(
        insert(Mail)
        .from_select(list(_COLUMNS), letters)
        .execution_options(synchronize_session=False)
    )
