"""What of an event's changes its guests are told: day, place, and whether it takes place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.db import db
from app.models import Booking, Event, EventStatus, Happened, User
from app.models.columns import now
from app.services import outbox

TOLD = ("name", "start_at", "end_at", "time_zone", "venue", "address", "city")
"""Facts that guests plan by; their change makes a letter."""


def note_change(
    event: Event, before: Mapping[str, Any], after: Mapping[str, Any], words: str
) -> None:
    """Note in the journal what guests are to be told of a change, if anything.

    Nobody is told of what is over, and the guests of a cancelled event only that it is.
    """
    if event.is_over(now()):
        return
    status = after.get("status")
    facts: dict[str, outbox.JSON] = {"words": words}
    if status == EventStatus.CANCELLED:
        outbox.note(Happened.EVENT_CANCELLED, event_id=event.id, facts=facts)
        return
    names = [name for name in TOLD if name in after and before.get(name) != after[name]]
    facts["before"] = {name: _plain(before.get(name)) for name in names}
    facts["after"] = {name: _plain(after[name]) for name in names}
    again = before.get("status") == EventStatus.CANCELLED and status == EventStatus.PUBLISHED
    facts["again"] = again
    if again or (names and event.status == EventStatus.PUBLISHED):
        outbox.note(Happened.EVENT_CHANGED, event_id=event.id, facts=facts)


def is_told(event: Event, facts: Mapping[str, Any]) -> bool:
    """Whether guests are told of a change of the event to these facts."""
    return any(name in facts and getattr(event, name) != facts[name] for name in TOLD)


def both_changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a letter that tells of two changes at once, from what was first to what is last.

    `entry`, the number of each one's journal entry, says which was the earlier.
    """
    first, last = sorted((one, other), key=lambda facts: facts.get("entry", 0))
    before, after = {**last["before"], **first["before"]}, {**first["after"], **last["after"]}
    names = [name for name in TOLD if name in after and before[name] != after[name]]
    words = dict.fromkeys(facts["words"] for facts in (first, last) if facts["words"])
    return {
        "words": "\n\n".join(words),
        "before": {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
        "again": first["again"] or last["again"],
        "entry": last["entry"],
    }


def count_guests(event: Event) -> int:
    """How many people have standing bookings of the event: each gets one letter."""
    return _count(event, Booking.is_confirmed)


def _count(event: Event, which: Any) -> int:
    query = (
        select(func.count(Booking.user_id.distinct()))
        .join(User, User.id == Booking.user_id)
        .where(Booking.event_id == event.id, which, User.deleted_at.is_(None))
    )
    return db.session.scalars(query).one()


def count_told(event: Event) -> int:
    """How many people a change of the event is told, those who are still to pay too: nobody of a
    draft, or of what is over."""
    if event.status != EventStatus.PUBLISHED or event.is_over(now()):
        return 0
    return _count(event, Booking.takes_seats)


def note_deletion(event: Event, at: datetime, words: str) -> None:
    """Note that the event's bookings fall out with it, unless guests know or it is over."""
    if event.status == EventStatus.PUBLISHED and not event.is_over(at):
        outbox.note(Happened.EVENT_CANCELLED, event_id=event.id, facts={"words": words})


def _plain(value: Any) -> outbox.JSON:
    return value.isoformat() if isinstance(value, datetime) else value
