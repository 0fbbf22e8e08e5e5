"""What the acting member of staff may see: all events or some, and guests' emails or not.

The edges set it after their access check (`app/edge/access.py`); services ask it wherever they
read or change events and bookings. Commands and users act without limits of this kind.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true

from app.db import db
from app.errors import EventNotFound, KeyLimited


@dataclass(frozen=True)
class StaffScope:
    events: frozenset[int] | None = None
    """The only events; None for all."""
    emails: bool = True

    def covers(self, event_id: int) -> bool:
        return self.events is None or event_id in self.events


UNLIMITED = StaffScope()


def act_within(scope: StaffScope) -> None:
    """Limit what the rest of this request sees and changes."""
    db.session().info["scope"] = scope


def scope() -> StaffScope:
    found: StaffScope = db.session().info.get("scope", UNLIMITED)
    return found


def require_event(event_id: int | None) -> None:
    """Raise `EventNotFound` for an event outside the scope: not even its existence is told."""
    if event_id is not None and not scope().covers(event_id):
        raise EventNotFound(event_id)


def require_all_events() -> None:
    """Raise `KeyLimited` where something concerns the whole site."""
    if scope().events is not None:
        raise KeyLimited


def within(event_id: Any) -> ColumnElement[bool]:
    """The condition that this column's event is in the scope."""
    events = scope().events
    found: ColumnElement[bool] = true() if events is None else event_id.in_(sorted(events))
    return found


def shown_email(email: str) -> str | None:
    """The email, or None where guests' emails are not for the acting member of staff, and where
    there is none."""
    return email if scope().emails and "@" in email else None
