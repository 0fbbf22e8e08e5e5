"""Queries for event listings: filters, sort order and cursors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, false, func, literal, or_, tuple_

from app.models import Event, EventStatus
from app.models.event import SEARCHED_TITLES, SEARCHED_WORDS
from app.models.staff_scope import within
from app.services.paging import decode_cursor, decode_id, encode_cursor, unknown_cursor

MIN_FUZZY_LENGTH = 5
"""Shortest word, in letters, that is matched fuzzily: shorter words resemble too many others."""
NIGHT = timedelta(hours=6)
"""An event that ends before six in the morning belongs to the day before."""
Sort = Literal["soonest", "price"]


@dataclass(frozen=True)
class EventQuery:
    """The filters, order and page of an event listing."""

    q: str = ""
    upcoming_only: bool = True
    """Leave out what is over; an event under way stays."""
    past_only: bool = False
    starts_before: datetime | None = None
    takes_place_after: datetime | None = None
    """The begin of a day; leave out events before it, also those that end in its first hours."""
    city: str = ""
    price: Literal["", "free", "paid"] = ""
    available_only: bool = False
    """Leave out events that can't be booked now."""
    sort: Sort = "soonest"
    drafts: bool = False
    """Whether to include drafts, for organisers only."""
    limit: int = 50
    after: str | None = None


def matching(wanted: Any, query: EventQuery) -> Any:
    """Add the query's filters to a select or count statement."""
    wanted = wanted.where(Event.deleted_at.is_(None))
    if query.drafts:
        wanted = wanted.where(within(Event.id))
    else:
        wanted = wanted.where(Event.status != EventStatus.DRAFT)
    if query.past_only:
        wanted = wanted.where(Event.are_over(func.now()))
    elif query.upcoming_only:
        wanted = wanted.where(Event.are_to_come(func.now()))
    if query.starts_before is not None:
        wanted = wanted.where(Event.start_at < query.starts_before)
    if (begin := query.takes_place_after) is not None:
        wanted = wanted.where(or_(Event.start_at >= begin, Event.end_at > begin + NIGHT))
    if query.city:
        wanted = wanted.where(func.lower(Event.city) == query.city.lower())
    if query.price:
        wanted = wanted.where(
            Event.price_minor == 0 if query.price == "free" else Event.price_minor > 0
        )
    if query.available_only:
        wanted = wanted.where(Event.are_on_sale(func.now()))
    return wanted.where(*(_matches_word(word) for word in query.q.split()))


def in_order(wanted: Select[Any], query: EventQuery) -> Select[Any]:
    """Sort, and start after the cursor. Raises `InvalidField` for a cursor of another listing."""
    columns = _columns(query)
    if query.after:
        there = tuple_(*map(literal, _cursor_values(query.after, query)))
        here = tuple_(*columns)
        wanted = wanted.where(here < there if query.past_only else here > there)
    return wanted.order_by(*((c.desc() for c in columns) if query.past_only else columns))


def cursor_of(event: Event, query: EventQuery) -> str:
    """The cursor of the page that follows this event."""
    price = (event.price_minor,) if query.sort == "price" else ()
    return encode_cursor(query.sort, *price, event.start_at.isoformat(), event.id)


def _columns(query: EventQuery) -> Sequence[ColumnElement[Any]]:
    price: Sequence[Any] = (Event.price_minor,) if query.sort == "price" else ()
    return (*price, Event.start_at, Event.id)


def _cursor_values(cursor: str, query: EventQuery) -> Sequence[Any]:
    sort, *price, start, ident = decode_cursor(cursor, 4 if query.sort == "price" else 3)
    try:
        if sort != query.sort:
            raise ValueError(sort)
        return (*map(int, price), datetime.fromisoformat(start), decode_id(ident))
    except ValueError as error:
        raise unknown_cursor() from error


def _matches_word(word: str) -> ColumnElement[bool]:
    """Match a word prefix, a similar word ("consert" finds a concert), or a literal substring."""
    alike = SEARCHED_TITLES.op("%>")(word) if len(word) >= MIN_FUZZY_LENGTH else false()
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return or_(
        SEARCHED_WORDS.op("@@")(func.to_tsquery("simple", f"'{quoted}':*")),
        alike,
        SEARCHED_TITLES.icontains(word, autoescape=True),
    )
