"""Reminders: one letter to each guest the day before, if the organiser wants it."""

from datetime import datetime, time, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db import transaction
from app.models import Event, EventStatus, Happened, Reminder
from app.models.columns import now
from app.services import outbox

FROM = time(10)
"""Of the event's own zone, on the day before it starts."""
LATE_FROM, LATE_UNTIL = time(7), time(23)
"""What is late, since no worker ran, is made up for between these, until the start."""
KEEP = timedelta(days=30)


def note_due() -> int:
    """Note in the journal of which events guests are to be reminded now; returns how many.

    Several workers may do so at once: the reminder's key lets one of them.
    """
    noted, at = 0, now()
    known = exists().where(Reminder.event_id == Event.id, Reminder.start_at == Event.start_at)
    wanted = select(Event).where(
        Event.reminds_guests,
        Event.status == EventStatus.PUBLISHED.value,
        Event.deleted_at.is_(None),
        Event.start_at.between(at, at + timedelta(days=2)),
        ~known,
    )
    with transaction() as session:
        session.execute(delete(Reminder).where(Reminder.start_at < at - KEEP))
        # In one order, so that two workers never wait for each other.
        for event in session.scalars(wanted.order_by(Event.id)).all():
            if is_due(event, at) and _claim(session, event):
                start = {"start_at": event.start_at.isoformat()}
                outbox.note(Happened.REMINDER, event_id=event.id, facts=start)
                noted += 1
    return noted


def is_due(event: Event, at: datetime) -> bool:
    """Whether it is a waking hour of the day before the event, where it takes place, or after.

    It is due at `FROM`. A worker that comes back late sends it all the same, but not at night.
    """
    here, start = at.astimezone(event.zone), event.start_at.astimezone(event.zone)
    if here.date() == start.date() - timedelta(days=1):
        return FROM <= here.time() < LATE_UNTIL
    return here.date() == start.date() and LATE_FROM <= here.time() < LATE_UNTIL and at < start


def _claim(session: Session, event: Event) -> bool:
    claim = insert(Reminder).values(event_id=event.id, start_at=event.start_at)
    claimed = claim.on_conflict_do_nothing().returning(Reminder.event_id)
    return session.scalar(claimed) is not None
