"""Queries for event listings: filters, sort order and cursors."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    true,
    tuple_,
)

from app.lib.city_names import names_of
from app.lib.folding import fold
from app.lib.money import UNUSUAL_DIGITS, USUAL_DIGITS, to_amount
from app.models import Event, EventStatus
from app.models.columns import now
from app.models.event import SEARCHED_TITLES, SEARCHED_WORDS
from app.models.staff_scope import within
from app.services.paging import decode_cursor, decode_id, encode_cursor, unknown_cursor
from app.services.search_terms import Meaning, Term, terms_of

MIN_FUZZY_LENGTH = 4
"""Shortest word, in letters, that is matched fuzzily: shorter words resemble too many others."""
LITTLE_WORDS = {"a", "an", "and", "at", "by", "for", "in", "near", "of", "on", "or", "the", "to"}
"""Needed by no search that holds other words."""
Sort = Literal["soonest", "price"]
_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,4})?", re.ASCII)


@dataclass(frozen=True)
class EventQuery:
    """The filters, order and page of an event listing."""

    q: str = ""
    meanings: tuple[Meaning, ...] = ()
    """What terms of `q` mean beside their letters; events are found by either."""
    forgiving: bool = False
    """Whether words are found by likeness, too: for a search that finds nothing otherwise."""
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
    """By price, ¥1,000 stands after ₹500: amounts are compared in their currencies' main units."""
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
    if query.takes_place_after is not None:
        wanted = wanted.where(Event.take_place_from(query.takes_place_after))
    if query.city:
        names = {query.city, *names_of(query.city)}
        wanted = wanted.where(func.lower(Event.city).in_(sorted(name.lower() for name in names)))
    if query.price:
        wanted = wanted.where(
            Event.price_minor == 0 if query.price == "free" else Event.price_minor > 0
        )
    if query.available_only:
        wanted = wanted.where(Event.are_on_sale(func.now()))
    return wanted.where(*_found_by(query))


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
    price = (to_amount(event.total_minor, event.currency),) if query.sort == "price" else ()
    return encode_cursor(query.sort, *price, event.start_at.isoformat(), event.id)


def _columns(query: EventQuery) -> Sequence[ColumnElement[Any]]:
    price: Sequence[Any] = (_amount(),) if query.sort == "price" else ()
    return (*price, Event.start_at, Event.id)


def _amount() -> ColumnElement[Decimal]:
    """What a seat costs in the currency's main unit; `to_amount` in SQL."""
    units: dict[Any, int] = {code: 10**digits for code, digits in UNUSUAL_DIGITS.items()}
    unit = case(units, value=Event.currency, else_=10**USUAL_DIGITS)
    return cast(cast(Event.total_minor, Numeric) / unit, Numeric)


def _cursor_values(cursor: str, query: EventQuery) -> Sequence[Any]:
    sort, *price, start, ident = decode_cursor(cursor, 4 if query.sort == "price" else 3)
    try:
        if sort != query.sort:
            raise ValueError(sort)
        return (*map(_read_amount, price), datetime.fromisoformat(start), decode_id(ident))
    except ValueError as error:
        raise unknown_cursor() from error


def _read_amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def likeness(q: str) -> ColumnElement[float]:
    """How much a part of an event's titles resembles the words, from 0 to 1."""
    return func.word_similarity(fold(q), SEARCHED_TITLES)


def _found_by(query: EventQuery) -> list[ColumnElement[bool]]:
    """The conditions of a search: each term by its letters, or by what else it means."""
    typed = terms_of(query.q)
    terms = [term for term in typed if term.text not in LITTLE_WORDS] or typed
    meanings = {meaning.text: _means(meaning) for meaning in query.meanings}
    special: list[ColumnElement[bool]] = []
    plain: list[ColumnElement[bool]] = []
    for term in terms:
        found = or_(*_in_text(term, query.forgiving))
        if term.text in meanings:
            special.append(or_(found, meanings[term.text]))
        else:
            (special if term.cities else plain).append(found)
    if query.forgiving and len(plain) > 1:
        # "jaz by teh bay" has words too short to be compared one by one.
        words = " ".join(t.text for t in typed if not t.cities and not t.kind)
        return [*special, or_(and_(*plain), _resembles(words))]
    return special + plain


def _in_text(term: Term, forgiving: bool) -> Sequence[ColumnElement[bool]]:
    """A word's beginning, a substring, another name of the city; or a word alike."""
    if not fold(term.text):
        # An apostrophe alone, which the folded texts leave out.
        return [Event.name.contains(term.text, autoescape=True)]
    found = [
        SEARCHED_WORDS.op("@@")(func.to_tsquery("simple", f"{_quoted(term.text)}:*")),
        SEARCHED_TITLES.contains(term.text, autoescape=True),
    ]
    cities = term.cities or (names_of(term.text, forgiving=True) if forgiving else ())
    if cities:
        names = " | ".join(_quoted(fold(city)) for city in cities)
        found.append(SEARCHED_WORDS.op("@@")(func.to_tsquery("simple", names)))
    if forgiving and len(term.text) >= MIN_FUZZY_LENGTH:
        found.append(_resembles(term.text))
    return found


def _resembles(words: str) -> ColumnElement[bool]:
    return SEARCHED_TITLES.op("%>", is_comparison=True)(words)


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))


def _means(meaning: Meaning) -> ColumnElement[bool]:
    if meaning.price == "free":
        return Event.price_minor == 0
    if meaning.first is None or meaning.end is None:
        return true()
    begun = Event.take_place_from(meaning.first)
    if meaning.first <= now() < meaning.end:
        # In the small hours last night's event still takes place today, for who is on the way.
        begun = or_(begun, Event.are_to_come(func.now()))
    return and_(Event.start_at < meaning.end, begun)
