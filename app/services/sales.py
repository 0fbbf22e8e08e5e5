"""Sales by day and by event: past days from stored sums, today from the bookings.

A booking counts with all its seats on the day it was made; released seats count on the day of
their release. So the sums of a day are final once it is over in the site's time zone. When the
site's time zone changes, all days are summed again.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    cast,
    delete,
    func,
    literal,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.models import Booking, BookingStatus, Event, Gift, SalesDay, SummedDay
from app.models.columns import now
from app.models.staff_scope import within
from app.services.sales_figures import COUNTS, EventSales, Sales, Sums

DAY = timedelta(days=1)
SETTLED_AFTER = timedelta(minutes=5)
"""Time after midnight by which the longest transaction of the day before has ended."""
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('utsavam sales days'))")
_NAMES = (*COUNTS, "booked_value", "booked_value_back")


def sales(first: date, last: date, zone: ZoneInfo, before: date | None = None) -> Sales:
    """Figures from the first to the last day inclusive, in this time zone.

    The time before, to which they are compared, begins on the day `before`.
    """
    sum_past_days(zone)
    span = (last - first) + DAY
    by_day, by_event = _sums(first, last, zone)
    days = [(first + n * DAY, by_day.get(first + n * DAY, Sums())) for n in range(span.days)]
    return Sales(
        first=first,
        last=last,
        days=days,
        events=_with_events(by_event),
        total=sum(by_day.values(), Sums()),
        before=sum(_sums(before or first - span, first - DAY, zone)[0].values(), Sums()),
        at=now(),
    )


def sum_past_days(zone: ZoneInfo) -> None:
    """Sum and store the past days that are not summed yet; usually there are none.

    Each transaction sums one week, so that progress over years of bookings is kept.
    """
    over = (now() - SETTLED_AFTER).astimezone(zone).date() - DAY
    done = _summed_until(zone)
    while done is None or done < over:
        done = _sum_a_week(over, zone)


def _summed_until(zone: ZoneInfo) -> date | None:
    """The last day summed in this time zone; None also when they were summed in another."""
    by_zone = select(SummedDay.time_zone, func.max(SummedDay.day)).group_by(SummedDay.time_zone)
    found: dict[str, date] = {row[0]: row[1] for row in db.session.execute(by_zone)}
    return found.get(zone.key) if set(found) <= {zone.key} else None


def _sum_a_week(over: date, zone: ZoneInfo) -> date:
    """Sum the first week not summed yet, up to `over`; returns the last day summed."""
    with transaction() as session:
        session.execute(_ONE_AT_A_TIME)
        done = _summed_until(zone)
        if done is None:
            session.execute(delete(SalesDay))
            session.execute(delete(SummedDay))
        oldest = session.scalar(select(func.min(Booking.created_at)))
        first = done + DAY if done else oldest.astimezone(zone).date() if oldest else over
        last = min(first + 6 * DAY, over)
        if first > over:
            # Another process has summed them meanwhile, or the first booking was made today.
            return over
        live = _live(first, last, zone).subquery()
        columns = ["day", "event_id", *_NAMES]
        session.execute(insert(SalesDay).from_select(columns, select(live)))
        count = (last - first).days + 1
        days = [{"day": first + n * DAY, "time_zone": zone.key} for n in range(count)]
        session.execute(insert(SummedDay), days)
    return last


def sum_again(session: Session, event_id: int, zone: ZoneInfo) -> None:
    """Sum an event's past days again from the bookings that it has now, in this transaction.

    Only for bookings that are removed: all other changes count on the day they are made.
    """
    session.execute(_ONE_AT_A_TIME)
    session.execute(delete(SalesDay).where(SalesDay.event_id == event_id))
    oldest = session.scalar(
        select(func.min(Booking.created_at)).where(Booking.event_id == event_id)
    )
    done = _summed_until(zone)
    if oldest and done:
        live = _live(oldest.astimezone(zone).date(), done, zone).subquery()
        mine = select(live).where(live.c.event_id == event_id)
        session.execute(insert(SalesDay).from_select(["day", "event_id", *_NAMES], mine))


def _sums(first: date, last: date, zone: ZoneInfo) -> tuple[dict[date, Sums], dict[int, Sums]]:
    """The sums by day and by event, without days and events that have none."""
    done = _summed_until(zone) or date.min
    names = (SalesDay.day, SalesDay.event_id, *(getattr(SalesDay, name) for name in _NAMES))
    found: Any = select(*names).where(SalesDay.day.between(first, last))
    if last > done:
        since = max(first, done + DAY) if done > date.min else first
        found = union_all(found, _live(since, last, zone))
    c = found.subquery().c
    # Grouping sets: each row has either a day or an event, and a currency.
    currency = Event.currency
    both = func.grouping_sets(tuple_(c.day, currency), tuple_(c.event_id, currency))
    wanted = select(c.day, c.event_id, currency, *_totals(c)).join(Event, Event.id == c.event_id)
    wanted = wanted.where(within(c.event_id)).group_by(both)
    by_day: dict[date, Sums] = {}
    by_event: dict[int, Sums] = {}
    for day, event_id, code, *counts, value, back in db.session.execute(wanted):
        moved = value or back
        sums = Sums(*counts, *([{code: value}, {code: back}] if moved else []))
        if day is None:
            by_event[event_id] = sums
        else:
            by_day[day] = by_day.get(day, Sums()) + sums
    return by_day, by_event


def _live(first: date, last: date, zone: ZoneInfo) -> Select[Any]:
    """Sums by day and event, computed from the bookings."""
    nothing = literal(0, BigInteger)
    cost = func.sum(cast(Booking.seats, BigInteger) * Booking.price_minor)
    made_on = cast(func.timezone(zone.key, Booking.created_at), Date)
    back_on = cast(func.timezone(zone.key, Booking.cancelled_at), Date)
    made = (
        select(
            made_on.label("day"),
            Booking.event_id,
            func.count().filter(Booking.part_of.is_(None), _bought()).label("bookings"),
            func.coalesce(func.sum(Booking.seats).filter(_holds_its_seats()), 0).label("seats"),
            nothing.label("cancellations"),
            nothing.label("seats_back"),
            func.coalesce(cost.filter(_holds_its_seats()), 0).label("booked_value"),
            nothing.label("booked_value_back"),
        )
        .where(*_within(Booking.created_at, first, last, zone), _was_confirmed())
        .group_by(made_on, Booking.event_id)
    )
    back = (
        select(
            *(back_on, Booking.event_id, nothing, nothing),
            *(func.count(), func.sum(Booking.seats), nothing, cost),
        )
        .where(*_within(Booking.cancelled_at, first, last, zone), _was_confirmed())
        .group_by(back_on, Booking.event_id)
    )
    c = union_all(made, back).subquery().c
    return select(c.day, c.event_id, *_totals(c)).group_by(c.day, c.event_id)


def _was_confirmed() -> ColumnElement[bool]:
    """Whether it is no reservation, nor was one that nobody paid."""
    return Booking.reserved_until.is_(None)


def _bought() -> ColumnElement[bool]:
    """Whether a booking was made by whoever paid for it, and not by giving a seat to a friend."""
    return Booking.id.not_in(select(Gift.booking_id))


def _holds_its_seats() -> ColumnElement[bool]:
    """Whether its seats are counted with it, not with the booking that they moved to."""
    return Booking.status != BookingStatus.GIVEN_AWAY.value


def _totals(c: Any) -> list[Any]:
    # PostgreSQL's sum of bigint is numeric.
    return [cast(func.sum(c[name]), BigInteger) for name in _NAMES]


def _within(column: Any, first: date, last: date, zone: ZoneInfo) -> tuple[Any, Any]:
    return column >= midnight(first, zone), column < midnight(last + DAY, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The start of the day in `zone`."""
    return datetime.combine(day, time(), zone)


def _with_events(by_event: dict[int, Sums]) -> list[EventSales]:
    """All events that are not deleted, and deleted ones with sales."""
    wanted = select(Event).where(Event.deleted_at.is_(None) | Event.id.in_(by_event))
    wanted = wanted.where(within(Event.id))
    found = db.session.scalars(wanted.order_by(Event.start_at, Event.id))
    return [EventSales(event, by_event.get(event.id, Sums())) for event in found]
