"""Calendars that people have imported: telling them of an end that the site's setting has moved."""

from sqlalchemy import select

from app.booking.desk import BookingDesk
from app.db import db
from app.models import Event, EventStatus
from app.models.columns import now


def revise_default_ends(desk: BookingDesk) -> int:
    """Make the next version of each entry whose end is the default one: a greater SEQUENCE and a
    later DTSTAMP, by which calendars replace what they have (RFC 5546, 2.1.5).

    Returns how many events to come or under way have no end of their own.
    """
    shown = (Event.status != EventStatus.DRAFT.value, Event.deleted_at.is_(None))
    wanted = select(Event.id).where(*shown, Event.end_at.is_(None), Event.are_to_come(now()))
    revised = 0
    for event_id in db.session.scalars(wanted.order_by(Event.id)).all():
        with desk.changing(event_id) as changes:
            event = changes.events.get(event_id)
            # It may have been given an end, or been deleted, since it was read.
            if event and event.end_at is None:
                event.calendar_sequence += 1
                event.updated_at = now()
                revised += 1
    return revised
