"""What of an event's changes its guests are told: day, place, and whether it takes place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.models import Event, EventStatus, Happened
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


def note_deletion(event: Event, at: datetime, words: str) -> None:
    """Note that the event's bookings fall out with it, unless guests know or it is over."""
    if event.status == EventStatus.PUBLISHED and not event.is_over(at):
        outbox.note(Happened.EVENT_CANCELLED, event_id=event.id, facts={"words": words})


def _plain(value: Any) -> outbox.JSON:
    return value.isoformat() if isinstance(value, datetime) else value
