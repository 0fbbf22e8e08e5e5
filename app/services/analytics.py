"""The organiser's figures: bookings by event and by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, select

from app.db import db
from app.errors import InvalidField
from app.models import Booking, Event, Gift
from app.models.event import fill_rate
from app.models.staff_scope import within
from app.services.sales import DAY, midnight


@dataclass(frozen=True)
class EventFigures:
    event_id: int
    name: str
    start_at: datetime
    status: str
    confirmed_bookings: int
    seats_sold: int
    cancellations: int
    capacity: int
    seats_available: int
    seats_held: int

    @property
    def utilisation(self) -> float:
        """Booked seats in per cent of those that are not held back."""
        sellable = self.capacity - self.seats_held
        return fill_rate(sellable - self.seats_available, sellable)


@dataclass(frozen=True)
class DayFigures:
    day: date
    bookings: int
    seats: int
    cancellations: int


@dataclass(frozen=True)
class Analytics:
    events: Sequence[EventFigures]
    days: Sequence[DayFigures]

    @property
    def confirmed_bookings(self) -> int:
        return sum(event.confirmed_bookings for event in self.events)

    @property
    def seats_sold(self) -> int:
        return sum(event.seats_sold for event in self.events)

    @property
    def cancellations(self) -> int:
        return sum(event.cancellations for event in self.events)

    @property
    def capacity(self) -> int:
        return sum(event.capacity for event in self.events)

    @property
    def seats_available(self) -> int:
        return sum(event.seats_available for event in self.events)


def analyse(zone: ZoneInfo, first: date | None = None, last: date | None = None) -> Analytics:
    """Figures of the bookings made from the first to the last day inclusive, in time zone `zone`.

    Unlike `sales`, this counts bookings by their current status. Every event is listed, a deleted
    one only if it has bookings. Raises `InvalidField` when the last day is before the first.
    """
    if first and last and first > last:
        raise InvalidField("to", "must not be before the first day")
    made = _made_between(first, last, zone)
    return Analytics(_by_event(made), _by_day(made, zone))


def _by_event(made: ColumnElement[bool]) -> list[EventFigures]:
    confirmed = Booking.is_confirmed
    sums = (
        select(
            Booking.event_id,
            func.count().filter(confirmed).label("confirmed"),
            func.coalesce(func.sum(Booking.seats).filter(confirmed), 0).label("seats"),
            func.count().filter(_cancelled()).label("cancelled"),
        )
        .where(made)
        .group_by(Booking.event_id)
        .subquery()
    )
    query = (
        select(
            Event.id,
            Event.name,
            Event.start_at,
            Event.status,
            func.coalesce(sums.c.confirmed, 0),
            func.coalesce(sums.c.seats, 0),
            func.coalesce(sums.c.cancelled, 0),
            Event.capacity,
            Event.seats_available,
            Event.seats_held,
        )
        .outerjoin(sums, sums.c.event_id == Event.id)
        .where(within(Event.id), or_(Event.deleted_at.is_(None), sums.c.event_id.is_not(None)))
        .order_by(Event.start_at, Event.id)
    )
    return [EventFigures(*row) for row in db.session.execute(query)]


def _by_day(made: ColumnElement[bool], zone: ZoneInfo) -> list[DayFigures]:
    confirmed = Booking.is_confirmed
    day = cast(func.timezone(zone.key, Booking.created_at), Date)
    query = (
        select(
            day,
            func.count().filter(
                Booking.part_of.is_(None), Booking.id.not_in(select(Gift.booking_id))
            ),
            func.coalesce(func.sum(Booking.seats).filter(confirmed), 0),
            func.count().filter(_cancelled()),
        )
        .where(made)
        .group_by(day)
        .order_by(day)
    )
    return [DayFigures(*row) for row in db.session.execute(query)]


def _cancelled() -> ColumnElement[bool]:
    """Bookings given back as a whole: some seats of one that stands are no cancelled booking."""
    return and_(Booking.cancelled_at.is_not(None), Booking.part_of.is_(None))


def _made_between(first: date | None, last: date | None, zone: ZoneInfo) -> ColumnElement[bool]:
    bounds: list[ColumnElement[bool]] = [within(Booking.event_id)]
    if first:
        bounds.append(Booking.created_at >= midnight(first, zone))
    if last and last < date.max:
        bounds.append(Booking.created_at < midnight(last + DAY, zone))
    return and_(*bounds)
