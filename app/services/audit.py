"""The audit log: append-only, written in the transaction of the change that it records."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, event, or_, select
from sqlalchemy.orm import Session

from app.db import db
from app.models import AuditEntry, Booking, Event, StaffKey
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor

log = logging.getLogger(__name__)

BATCH = 1_000
STRANGER = "somebody unknown"
"""The actor of a refused login."""
NOUNS: dict[type, str] = {Event: "event", Booking: "booking", StaffKey: "key"}


def act_as(name: str) -> None:
    """Record the changes of this request under this name."""
    db.session().info["actor"] = name


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


def list_entries(
    *,
    q: str = "",
    subject: str = "",
    subject_id: int | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[AuditEntry]:
    """Entries, newest first; words of `q` are searched in actor, action, subject name, and the
    facts before and after. Raises `InvalidField` for a bad cursor."""
    query = _wanted(q, subject, subject_id).order_by(AuditEntry.id.desc())
    if after:
        query = query.where(AuditEntry.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def latest(action: str, thing: Event | Booking | StaffKey) -> AuditEntry | None:
    """The latest entry of this action on this object, if any."""
    wanted = _wanted("", NOUNS[type(thing)], thing.id).where(AuditEntry.action == action)
    return db.session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()


def all_entries(q: str = "") -> Iterator[AuditEntry]:
    """All matching entries, oldest first, read in batches: no transaction stays open during a slow
    download."""
    last = 0
    while True:
        query = _wanted(q, "", None).where(AuditEntry.id > last).order_by(AuditEntry.id)
        found = db.session.scalars(query.limit(BATCH)).all()
        db.session.expunge_all()
        db.session.rollback()
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1].id


def changes(thing: object, facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes that `facts` would change: their current and their new values."""
    names = [name for name, value in facts.items() if getattr(thing, name) != value]
    return {name: getattr(thing, name) for name in names}, {name: facts[name] for name in names}


def _wanted(q: str, subject: str, subject_id: int | None) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if subject:
        query = query.where(AuditEntry.subject == subject)
    if subject_id is not None:
        query = query.where(AuditEntry.subject_id == subject_id)
    for word in q.split():
        columns = (
            *(AuditEntry.actor, AuditEntry.action, AuditEntry.subject_name),
            *(cast(facts, Text) for facts in (AuditEntry.before, AuditEntry.after)),
        )
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return query


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
