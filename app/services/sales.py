"""Sales by day and by event: of past days from sums made once, of today as it is now.

A booking counts on the day it was made, with all its seats; seats given back count on the day
they were. Both are settled when the day is over (UTC), whatever happens to the booking later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, Integer, Select, cast, func, literal, select, text, tuple_, union_all
from sqlalchemy.dialects.postgresql import insert

from app.db import db, transaction
from app.models import Booking, Event, SalesDay, SummedDay
from app.models.columns import now

DAY = timedelta(days=1)
SETTLED_AFTER = timedelta(minutes=5)
"""After midnight: by then the longest transaction of the day before has ended."""


@dataclass(frozen=True)
class Sums:
    bookings: int = 0
    seats: int = 0
    cancellations: int = 0
    seats_back: int = 0

    @property
    def seats_sold(self) -> int:
        """Those booked less those given back."""
        return self.seats - self.seats_back

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.bookings + other.bookings,
            self.seats + other.seats,
            self.cancellations + other.cancellations,
            self.seats_back + other.seats_back,
        )


@dataclass(frozen=True)
class EventSales:
    event: Event
    sums: Sums


@dataclass(frozen=True)
class Sales:
    first: date
    last: date
    days: Sequence[tuple[date, Sums]]
    """Every day from the first to the last."""
    events: Sequence[EventSales]
    total: Sums
    before: Sums
    """Of as many days before the first."""
    at: datetime


def sales(first: date, last: date) -> Sales:
    """Figures from the first to the last day, both included."""
    sum_past_days()
    span = (last - first) + DAY
    by_day, by_event = _sums(first, last)
    days = [(first + n * DAY, by_day.get(first + n * DAY, Sums())) for n in range(span.days)]
    return Sales(
        first=first,
        last=last,
        days=days,
        events=_with_events(by_event),
        total=sum(by_day.values(), Sums()),
        before=sum(_sums(first - span, first - DAY)[0].values(), Sums()),
        at=now(),
    )


def sum_past_days() -> None:
    """Sum the days that are over and not summed yet; nothing to do, most of the time.

    A week a transaction: years that were never summed take several, and each is kept.
    """
    over = (now() - SETTLED_AFTER).date() - DAY
    done = db.session.scalar(select(func.max(SummedDay.day)))
    while done is None or done < over:
        done = _sum_a_week(over)


def _sum_a_week(over: date) -> date:
    """Sum the first week that is not summed yet, and no day after `over`; the last day summed."""
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('utsavam sales days'))"))
        done = session.scalar(select(func.max(SummedDay.day)))
        oldest = session.scalar(select(func.min(Booking.created_at)))
        first = done + DAY if done else oldest.astimezone(UTC).date() if oldest else over
        last = min(first + 6 * DAY, over)
        if first > over:
            # Somebody else has summed them meanwhile; or the first booking is of today.
            return over
        columns = ["day", "event_id", "bookings", "seats", "cancellations", "seats_back"]
        live = _live(first, last).subquery()
        session.execute(insert(SalesDay).from_select(columns, select(live)))
        days = [{"day": first + n * DAY} for n in range((last - first).days + 1)]
        session.execute(insert(SummedDay), days)
    return last


def _sums(first: date, last: date) -> tuple[dict[date, Sums], dict[int, Sums]]:
    """By day and by event, where there are any."""
    done = db.session.scalar(select(func.max(SummedDay.day))) or date.min
    found: Any = select(
        SalesDay.day,
        SalesDay.event_id,
        SalesDay.bookings,
        SalesDay.seats,
        SalesDay.cancellations,
        SalesDay.seats_back,
    ).where(SalesDay.day.between(first, last))
    if last > done:
        found = union_all(found, _live(max(first, done + DAY) if done > date.min else first, last))
    c = found.subquery().c
    # Grouped in both ways at once: each row has a day or an event.
    both = func.grouping_sets(tuple_(c.day), tuple_(c.event_id))
    figures = (c.bookings, c.seats, c.cancellations, c.seats_back)
    rows = db.session.execute(
        select(c.day, c.event_id, *(cast(func.sum(f), Integer) for f in figures)).group_by(both)
    ).all()
    by_day = {row[0]: Sums(*row[2:]) for row in rows if row[0] is not None}
    return by_day, {row[1]: Sums(*row[2:]) for row in rows if row[1] is not None}


def _live(first: date, last: date) -> Select[Any]:
    """Summed from the bookings themselves."""
    made_on = cast(func.timezone("UTC", Booking.created_at), Date)
    back_on = cast(func.timezone("UTC", Booking.cancelled_at), Date)
    made = select(
        made_on.label("day"),
        Booking.event_id,
        func.count().filter(Booking.part_of.is_(None)).label("bookings"),
        func.sum(Booking.seats).label("seats"),
        literal(0).label("cancellations"),
        literal(0).label("seats_back"),
    ).where(*_within(Booking.created_at, first, last))
    back = select(
        back_on,
        Booking.event_id,
        literal(0),
        literal(0),
        func.count(),
        func.sum(Booking.seats),
    ).where(*_within(Booking.cancelled_at, first, last))
    both = union_all(
        made.group_by(made_on, Booking.event_id), back.group_by(back_on, Booking.event_id)
    ).subquery()
    c = both.c
    sums = (c.bookings, c.seats, c.cancellations, c.seats_back)
    # PostgreSQL's sums of large integers are decimals.
    totals = [cast(func.sum(column), Integer) for column in sums]
    return select(c.day, c.event_id, *totals).group_by(c.day, c.event_id)


def _within(moment: Any, first: date, last: date) -> tuple[Any, Any]:
    return moment >= _midnight(first), moment < _midnight(last + DAY)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _with_events(by_event: dict[int, Sums]) -> list[EventSales]:
    """Every event there is, and deleted ones that sold something."""
    wanted = select(Event).where(Event.deleted_at.is_(None) | Event.id.in_(by_event))
    found = db.session.scalars(wanted.order_by(Event.start_at, Event.id))
    return [EventSales(event, by_event.get(event.id, Sums())) for event in found]
