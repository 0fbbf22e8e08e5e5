"""The relay: makes letters of the journal's entries, in the transaction that deletes them.

Entries are taken with SKIP LOCKED, so that several workers share them and none is told twice.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from flask_babel import get_locale
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.models import (
    Booking,
    BookingState,
    BookingStatus,
    Event,
    Gift,
    GuestMessage,
    Happened,
    JournalEntry,
    Mail,
    MailState,
    User,
)
from app.services import event_news, rehearsals

MAX_ENTRIES = 100
"""Entries in one transaction; one of the desk's may hold a hundred bookings."""
RESERVATION = "reservation"
"""The letter for bookings that are to be paid before they have a ticket."""
LETTERS = {
    Happened.BOOKED: "ticket",
    Happened.PAID: "ticket",
    Happened.EXPIRED: "reservation_ended",
    Happened.GIVEN_BACK: "seats_given_back",
    Happened.EVENT_CHANGED: "event_changed",
    Happened.EVENT_CANCELLED: "event_cancelled",
    Happened.MESSAGE: "message",
    Happened.REMINDER: "reminder",
}
STATES = {
    Happened.EVENT_CHANGED: (BookingState.CONFIRMED, BookingState.RESERVED),
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
    """Turn the oldest entries into letters; returns how many entries.

    A kind that this version does not know is left to a worker that does.
    """
    with transaction() as session:
        oldest = (
            select(JournalEntry.id)
            .where(JournalEntry.kind.in_(Happened))
            .order_by(JournalEntry.id)
            .limit(MAX_ENTRIES)
            .with_for_update(skip_locked=True)
        )
        taken = (
            delete(JournalEntry)
            .where(JournalEntry.id.in_(oldest.scalar_subquery()))
            .returning(
                JournalEntry.id,
                JournalEntry.kind,
                JournalEntry.event_id,
                JournalEntry.booking_ids,
                JournalEntry.facts,
            )
            .execution_options(synchronize_session=False)
        )
        entries = sorted(session.execute(taken).all(), key=lambda entry: entry.id)
        booked = [
            id for entry in entries if entry.kind == Happened.BOOKED for id in entry.booking_ids
        ]
        if booked:
            confirmed = _has_state(BookingStatus.CONFIRMED)
            _owe_orders(session, LETTERS[Happened.BOOKED], booked, confirmed)
            _owe_orders(session, RESERVATION, booked, _has_state(BookingStatus.RESERVED))
        for number, kind, event_id, booking_ids, facts in entries:
            if kind == Happened.GIVEN_BACK:
                _owe(session, Happened.GIVEN_BACK, _of_bookings(booking_ids), facts)
            elif kind == Happened.PAID:
                # What was paid before its reservation was told of was told of as booked.
                confirmed = _has_state(BookingStatus.CONFIRMED)
                _owe_orders(session, LETTERS[Happened.PAID], booking_ids, confirmed, once=True)
            elif kind == Happened.EXPIRED:
                ended = _has_state(BookingStatus.EXPIRED)
                _owe_orders(session, LETTERS[Happened.EXPIRED], booking_ids, ended)
            elif kind == Happened.EVENT_CHANGED:
                _owe_change(session, event_id, {**facts, "entry": number})
            elif kind != Happened.BOOKED:
                _owe_to_guests(session, Happened(kind), event_id, facts)
    return len(entries)


def unknown_kinds() -> Sequence[str]:
    """The kinds of entries that wait for a worker of a later version."""
    known = JournalEntry.kind.in_(Happened)
    return db.session.scalars(select(JournalEntry.kind).where(~known).distinct()).all()


def _of_bookings(ids: Sequence[int]) -> ColumnElement[bool]:
    return Booking.id.in_(ids)


def _owe(
    session: Session, kind: Happened, which: ColumnElement[bool], facts: Mapping[str, Any]
) -> None:
    letters = _letters(LETTERS[kind], facts).where(which)
    _insert(session, letters.order_by(Booking.id))


def _has_state(status: BookingStatus) -> ColumnElement[bool]:
    return Booking.status == status.value


def _has_letter(letter: str) -> ColumnElement[bool]:
    """Whether the booking's person has been sent this letter of it, or is going to be."""
    mine = (Mail.user_id == Booking.user_id) & (Mail.booking_id == Booking.id)
    return select(Mail.id).where(mine, Mail.letter == letter).correlate(Booking).exists()


def _owe_orders(
    session: Session,
    letter: str,
    booking_ids: Sequence[int],
    which: ColumnElement[bool] | Any,
    *,
    once: bool = False,
) -> None:
    """One letter to each person for each order: it tells of all its ticket types. None if it was
    to be sent only `once`, and was."""
    # A seat that a friend has given keeps the order's reference, and is no part of the order.
    is_gift = select(Gift.booking_id).where(Gift.booking_id == Booking.id).exists()
    order = case((is_gift, Booking.reference), else_=Booking.order_reference)
    firsts = (
        select(func.min(Booking.id))
        .where(_of_bookings(booking_ids), which)
        .group_by(Booking.user_id, func.coalesce(order, Booking.reference))
        .correlate(None)
    )
    letters = _letters(letter, {}).where(Booking.id.in_(firsts)).order_by(Booking.id)
    _insert(session, letters.where(~_has_letter(letter)) if once else letters)


def _owe_change(session: Session, event_id: int, facts: Mapping[str, Any]) -> None:
    """Let the letters of an earlier change that are still unsent tell of both; owe the others."""
    unsent = (
        (Mail.letter == LETTERS[Happened.EVENT_CHANGED])
        & (Mail.event_id == event_id)
        & (Mail.state == MailState.QUEUED.value)
        & (Mail.attempts == 0)
    )
    told: set[int] = set()
    for earlier in session.scalars(select(Mail.facts).where(unsent).distinct()).all():
        both = event_news.both_changes(earlier, facts)
        retold = (
            update(Mail)
            .where(unsent, Mail.facts == bindparam("earlier", earlier, type_=JSONB))
            .values(facts=both)
            .returning(Mail.user_id)
            .execution_options(synchronize_session=False)
        )
        told.update(id for id in session.scalars(retold) if id is not None)
    _owe_to_guests(session, Happened.EVENT_CHANGED, event_id, facts, but=told)


def _owe_to_guests(
    session: Session,
    kind: Happened,
    event_id: int,
    facts: Mapping[str, Any],
    *,
    but: Collection[int] = (),
) -> None:
    """One letter to each person, with the newest of their bookings, of confirmed ones if there are
    some; none to those `but`."""
    query = (
        _letters(LETTERS[kind], facts, bulk=True)
        .join(Event, Event.id == Booking.event_id)
        .where(Booking.event_id == event_id, Booking.part_of.is_(None))
        .where(Booking.state.in_(STATES[kind]))
        .ext(distinct_on(Booking.user_id))
        .order_by(Booking.user_id, _has_state(BookingStatus.RESERVED), Booking.id.desc())
    )
    if but:
        query = query.where(Booking.user_id.not_in(but))
    made = _insert(session, query)
    if kind == Happened.MESSAGE:
        _count_gone(session, facts["message"], made)


def _count_gone(session: Session, message_id: int, made: int) -> None:
    """Who gave their seats back between the organiser's click and now gets no letter."""
    gone = func.greatest(GuestMessage.guests - made, 0)
    session.execute(
        update(GuestMessage)
        .where(GuestMessage.id == message_id)
        .values(dropped=gone)
        .execution_options(synchronize_session=False)
    )


def _letters(letter: str, facts: Mapping[str, Any], *, bulk: bool = False) -> Select[Any]:
    return (
        select(
            literal(letter),
            literal(bulk),
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


def _insert(session: Session, letters: Select[Any]) -> int:
    """Insert the letters; returns how many."""
    result = session.execute(
        insert(Mail)
        .from_select(list(_COLUMNS), letters)
        .execution_options(synchronize_session=False, preserve_rowcount=True)
    )
    return cast("CursorResult[Any]", result).rowcount
