"""The audit log: append-only, written in the transaction of the change that it records."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, event, func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, make_transient

from app.db import db, transaction
from app.errors import OutcomeUnknown
from app.models import AuditEntry, Booking, Event, StaffKey
from app.models.staff_scope import scope
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor

log = logging.getLogger(__name__)

BATCH = 1_000
STRANGER = "somebody unknown"
"""The actor of a refused login."""
_HOLDS_EMAIL = or_(AuditEntry.before.has_key("email"), AuditEntry.after.has_key("email"))
NOUNS: dict[type, str] = {Event: "event", Booking: "booking", StaffKey: "key"}


def act_as(name: str) -> None:
    """Record the changes of this request under this name."""
    db.session().info["actor"] = name


def actor() -> str:
    """The name under which this request acts; empty if it is no member of staff."""
    name: str = db.session().info.get("actor", "")
    return name


def record(
    action: str,
    thing: Event | Booking | StaffKey | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the current transaction if a member of staff is acting.

    What users do with their own bookings is not recorded.
    """
    session = db.session()
    actor = session.info.get("actor")
    if actor is None:
        return
    entry = AuditEntry(
        actor=actor,
        action=action,
        subject=NOUNS[type(thing)] if thing is not None else "",
        subject_id=thing.id if thing is not None else None,
        subject_name=_name_of(thing),
        before=_plain(before),
        after=_plain(after),
    )
    session.add(entry)
    facts_to_log = {"action": action, "subject": entry.subject, "subject_id": entry.subject_id}
    session.info.setdefault("to_log", []).append(facts_to_log)


@event.listens_for(Session, "after_commit")
def _log_committed(session: Session) -> None:
    """Log committed actions, without the actor's name: that is in the table only."""
    for facts_to_log in session.info.pop("to_log", ()):
        log.info("Staff at work", extra=facts_to_log)


@event.listens_for(Session, "after_rollback")
def _discard_rolled_back(session: Session) -> None:
    session.info.pop("to_log", None)


def note_export(file: str, rows: int, thing: Event | None = None) -> None:
    """Record that guests' data was handed out: of which event, or of all that the member of staff
    may see, and how many rows.

    A server that takes no writes still hands out the list for the door; the log tells of it then.
    """
    limited = scope().events
    facts = {"file": file, "rows": rows}
    if thing is None and limited is not None:
        facts["events"] = sorted(limited)
    try:
        with transaction() as session:
            if thing is None and limited is not None and len(limited) == 1:
                thing = session.get(Event, min(limited))
            record("guests.exported", thing, after=facts)
    except (DBAPIError, OutcomeUnknown) as error:
        facts = {"subject_id": thing.id if thing is not None else None, "rows": rows}
        log.warning("An export was not recorded: %s", type(error).__name__, extra=facts)


def list_entries(
    *,
    q: str = "",
    subject: str = "",
    subject_id: int | None = None,
    event_id: int | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[AuditEntry]:
    """Entries, newest first; words of `q` are searched in actor, action, subject name, and the
    facts before and after. With `event_id`, the entries of the event and of its bookings.

    Raises `InvalidField` for a bad cursor.
    """
    query = _wanted(q, subject, subject_id, event_id).order_by(AuditEntry.id.desc())
    if after:
        query = query.where(AuditEntry.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(_shown(items), encode_cursor(items[-1].id) if more else None)


def latest(action: str, thing: Event | Booking | StaffKey) -> AuditEntry | None:
    """The latest entry of this action on this object, if any."""
    wanted = _wanted("", NOUNS[type(thing)], thing.id).where(AuditEntry.action == action)
    return db.session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()


def count_emails(q: str = "", event_id: int | None = None) -> int:
    """How many matching entries show a guest's email."""
    if not scope().emails:
        return 0
    found = _wanted(q, "", None, event_id).where(_HOLDS_EMAIL).with_only_columns(func.count())
    return db.session.scalars(found).one()


def all_entries(q: str = "", event_id: int | None = None) -> Iterator[AuditEntry]:
    """All matching entries, oldest first, read in batches: no transaction stays open during a slow
    download."""
    last = 0
    while True:
        query = _wanted(q, "", None, event_id).where(AuditEntry.id > last).order_by(AuditEntry.id)
        found = db.session.scalars(query.limit(BATCH)).all()
        db.session.expunge_all()
        db.session.rollback()
        yield from _shown(found)
        if len(found) < BATCH:
            return
        last = found[-1].id


def all_entries_with_events(
    q: str = "", event_id: int | None = None
) -> Iterator[tuple[AuditEntry, Event | None]]:
    """`all_entries`, each with the event it is about."""
    entries = all_entries(q, event_id)
    while some := list(islice(entries, BATCH)):
        about = events_of(some)
        # A rollback expires what the session still holds: it would be read again, row by row.
        db.session.expunge_all()
        db.session.rollback()
        for entry in some:
            yield entry, about.get(entry.id)


def events_of(entries: Sequence[AuditEntry]) -> dict[int, Event]:
    """The events that entries are about, by the entry's id."""
    about = {entry.id: entry.subject_id for entry in entries if entry.subject == "event"}
    query = select(Event).where(Event.id.in_(set(about.values())))
    found = {event.id: event for event in db.session.scalars(query)} if about else {}
    return {id: found[event_id] for id, event_id in about.items() if event_id in found}


def changes(thing: object, facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes that `facts` would change: their current and their new values."""
    names = [name for name, value in facts.items() if getattr(thing, name) != value]
    return {name: getattr(thing, name) for name in names}, {name: facts[name] for name in names}


def _wanted(
    q: str, subject: str, subject_id: int | None, event_id: int | None = None
) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if event_id is not None:
        query = query.where(_about([event_id]))
    if (events := scope().events) is not None:
        query = query.where(_about(sorted(events)))
    if subject:
        query = query.where(AuditEntry.subject == subject)
    if subject_id is not None:
        query = query.where(AuditEntry.subject_id == subject_id)
    for word in q.split():
        columns: list[Any] = [AuditEntry.actor, AuditEntry.action, AuditEntry.subject_name]
        if scope().emails:
            columns += [cast(facts, Text) for facts in (AuditEntry.before, AuditEntry.after)]
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return query


def _about(event_ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that an entry is about one of these events, or a booking of it."""
    booked = select(Booking.id).where(Booking.event_id.in_(event_ids))
    return or_(
        (AuditEntry.subject == "event") & AuditEntry.subject_id.in_(event_ids),
        (AuditEntry.subject == "booking") & AuditEntry.subject_id.in_(booked),
    )


def _shown(entries: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """The entries, detached, and without guests' emails where these are not to be shown."""
    for entry in entries:
        make_transient(entry)
        if not scope().emails:
            entry.before, entry.after = _without_email(entry.before), _without_email(entry.after)
    return entries


def _without_email(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    return facts and {name: value for name, value in facts.items() if name != "email"}


def _name_of(thing: Event | Booking | StaffKey | None) -> str:
    if thing is None:
        return ""
    return thing.reference if isinstance(thing, Booking) else thing.name


def _plain(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
