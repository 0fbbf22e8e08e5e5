"""How guests arrive at an event: by minute and by door."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from app.db import db
from app.models import Admission, Booking, CheckIn
from app.models.staff_scope import require_event
from app.services import admissions, check_ins, guest_lists
from app.services.admissions import Arrivals

MOST_SPANS = 60
SPANS = (1, 5, 15, 60, 360, 1440)
"""Minutes that a bar of the chart may stand for; the shortest with which all bars fit."""
LATEST = 15


class DoorFigures(NamedTuple):
    door: str
    """Empty for scans of doors without a name."""
    seats_in: int


class SpanFigures(NamedTuple):
    begins: datetime
    seats_in: int


class ArrivalFigures(NamedTuple):
    arrivals: Arrivals
    to_come: int
    """Bookings of whom nobody is in."""
    doors: Sequence[DoorFigures]
    minutes: int
    """Length of each span."""
    spans: Sequence[SpanFigures]
    latest: Sequence[CheckIn]
    conflicts: Sequence[CheckIn]
    """The newest scans by which doors without network let in whom they should not have."""


def figures_of(event_id: int) -> ArrivalFigures:
    """How many have come to the event, when and where. Raises `EventNotFound`."""
    require_event(event_id)
    minutes, spans = _by_span(event_id)
    return ArrivalFigures(
        admissions.arrivals(event_id),
        _count_to_come(event_id),
        _by_door(event_id),
        minutes,
        spans,
        check_ins.list_check_ins(event_id, limit=LATEST).items,
        guest_lists.list_conflicts(event_id, LATEST),
    )


def _count_to_come(event_id: int) -> int:
    came = select(Admission.booking_id).where(Admission.event_id == event_id)
    wanted = select(func.count(Booking.id)).where(
        Booking.event_id == event_id, Booking.is_confirmed, Booking.id.not_in(came)
    )
    return db.session.scalars(wanted).one()


def _by_door(event_id: int) -> list[DoorFigures]:
    count = func.count()
    wanted = select(Admission.door, count).where(Admission.event_id == event_id)
    wanted = wanted.group_by(Admission.door).order_by(count.desc(), Admission.door)
    return [DoorFigures(*row) for row in db.session.execute(wanted)]


def _by_span(event_id: int) -> tuple[int, list[SpanFigures]]:
    """The length of a span in minutes, and the spans from the first arrival to the last, those
    without arrivals too."""
    minute = func.date_trunc("minute", Admission.at)
    wanted = select(minute, func.count()).where(Admission.event_id == event_id).group_by(minute)
    found = sorted((row[0], row[1]) for row in db.session.execute(wanted))
    if not found:
        return SPANS[0], []
    whole = found[-1][0] - found[0][0]
    fitting = (n for n in SPANS if whole < timedelta(minutes=n * MOST_SPANS))
    minutes = next(fitting, SPANS[-1])
    length = timedelta(minutes=minutes)
    first = found[0][0] - (found[0][0] - _MIDNIGHT) % length
    spans = [0] * min(int((found[-1][0] - first) / length) + 1, MOST_SPANS + 1)
    for at, seats in found:
        spans[min(int((at - first) / length), MOST_SPANS)] += seats
    return minutes, [SpanFigures(first + n * length, seats) for n, seats in enumerate(spans)]


_MIDNIGHT = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
