"""A user's own bookings in tabs: upcoming, past and cancelled."""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.booking.arrays import one_of, rows_of
from app.db import db
from app.models import Booking, BookingState, BookingStatus, Event, TicketType
from app.services import lookups
from app.services.paging import Page, cut, decode_cursor, decode_id, encode_cursor, unknown_cursor

LONG = timedelta(days=1)
"""What lasts longer can be visited another day."""


Wanted = tuple[int, "Tab", int, tuple[datetime, int] | None]
"""A user's tab, how many of its bookings, and where to begin."""


class Tab(StrEnum):
    UPCOMING = "upcoming"
    PAST = "past"
    CANCELLED = "cancelled"


Counts = dict[Tab, int]


class ListedBooking(NamedTuple):
    """What a list shows of a booking; twenty times to everybody, so each column counts, and an
    object that SQLAlchemy could change takes five times as long to make."""

    event: Event
    id: int
    reference: str
    user_id: int
    event_id: int
    seats: int
    price_minor: int
    booked_in: str | None
    status: str
    reserved_until: datetime | None
    cancelled_at: datetime | None
    part_of: int | None
    ticket_type_id: int | None
    ticket_type: TicketType | None = None

    def whole(self) -> Booking:
        """Return a booking that can't be changed, with what is known of it."""
        booking = Booking.__new__(Booking)
        booking.__dict__ = self._asdict()
        return booking


Found = tuple[list[tuple[ListedBooking, datetime]], Counts]
"""The beginning of a tab's list, each booking with what it is sorted by."""


def count_by_tab(user_id: int) -> Counts:
    """How many bookings each tab lists."""
    return lookups.ask(_read_counts, user_id)  # type: ignore[no-any-return]


def list_tab(
    user_id: int, tab: Tab, *, limit: int, after: str | None = None, known: Any = None
) -> tuple[Page[ListedBooking], Counts]:
    """A tab's bookings with their events: upcoming ones by `_turn`, the others latest first; and
    how many each tab lists. `known` is the answer to `question_of_tab`, if it was asked.

    Raises `InvalidField` for a bad cursor.
    """
    there = _cursor_values(after, tab) if after else None
    found, counts = known or lookups.ask(_read_tab, (user_id, tab, limit + 1, there))
    rows, more = cut(found, limit)
    cursor = _cursor(tab, rows[-1][1], rows[-1][0]) if more else None
    return Page([booking for booking, _at in rows], cursor), counts


def question_of_tab(tab: Tab, limit: int) -> tuple[lookups.Ask, tuple[Hashable, ...]]:
    """What `list_tab` asks for the beginning of a tab, and its facts but for the user: to be asked
    together with who it is (`lookups.signed_in_user_and`)."""
    return _read_tab, (tab, limit + 1, None)


def all_of(user_id: int) -> list[Booking]:
    """All bookings of the user, oldest first, each with its event and ticket type."""
    query = select(Booking).join(Booking.event)
    query = query.options(contains_eager(Booking.event), joinedload(Booking.ticket_type))
    return list(db.session.scalars(query.where(Booking.user_id == user_id).order_by(Booking.id)))


def of_order(user_id: int, reference: str) -> Booking | None:
    """A booking of the user's with this reference, its own or its order's."""
    query = select(Booking).where(
        Booking.user_id == user_id,
        or_(Booking.reference == reference, Booking.order_reference == reference),
    )
    query = query.options(joinedload(Booking.event)).order_by(Booking.id)
    return db.session.scalars(query.limit(1)).one_or_none()


def _read_tab(session: Session, wanted: list[Wanted]) -> dict[Wanted, Found]:
    found: dict[Wanted, Found] = {}
    alike: dict[tuple[Tab, int], dict[int, Found]] = {}
    for one in wanted:
        user_id, tab, limit, there = one
        if there:
            rows = _read_further(session, user_id, tab, limit, there)
            found[one] = rows, _read_counts(session, [user_id])[user_id]
        else:
            found[one] = alike.setdefault((tab, limit), {})[user_id] = [], dict.fromkeys(Tab, 0)
    for (tab, limit), found_of in alike.items():
        _read_first(session, tab, limit, found_of)
    return found


def _read_first(session: Session, tab: Tab, limit: int, found_of: dict[int, Found]) -> None:
    """Fill in what is found of each user."""
    values = {"given_user_id": list(found_of), "limit": limit}
    # By the connection: a session's own rows take twice as long to read.
    rows = session.connection().execute(_first_of_each(tab), values).all()
    events = lookups.events(session, {row[_BEFORE + _EVENT] for row in rows})
    types = lookups.types(session, events.values())
    for at, place, count, *columns in rows:
        bookings, counts = found_of[columns[_USER]]
        counts[_TABS[place]] = count
        if _TABS[place] is tab and (event := events.get(columns[_EVENT])):
            kind = types.get((event.id, columns[_TYPE]))
            bookings.append((ListedBooking._make((event, *columns, kind)), at))


def _read_counts(session: Session, user_ids: list[int]) -> dict[int, Counts]:
    found = {user_id: dict.fromkeys(Tab, 0) for user_id in user_ids}
    for user_id, *counts in session.execute(_counts(), {"user_ids": user_ids}):
        found[user_id] = dict(zip(Tab, counts, strict=True))
    return found


def _read_further(
    session: Session, user_id: int, tab: Tab, limit: int, there: tuple[datetime, int]
) -> list[tuple[ListedBooking, datetime]]:
    here, then = tuple_(_sort_column(tab), Booking.id), tuple_(*map(literal, there))
    query = _list(tab).where(here > then if tab == Tab.UPCOMING else here < then)
    rows = session.execute(query, {"user_id": user_id, "limit": limit})
    read = attrgetter(*ListedBooking._fields)
    return [(ListedBooking(*read(booking)), at) for booking, at in rows]


LISTED = ListedBooking._fields[1:-1]
"""Those that are columns of a booking."""
_TABS = tuple(Tab)
_USER, _EVENT, _TYPE = map(LISTED.index, ("user_id", "event_id", "ticket_type_id"))
_BEFORE = 3
"""Columns of a row of `_first_of_each` before those of `LISTED`."""


# To write these statements takes as long as the database takes to answer them, so they are written
# once.
@cache
def _counts() -> Any:
    counts = [func.count().filter(_belongs(tab)) for tab in Tab]
    query = select(Booking.user_id, *counts).select_from(Booking).join(Booking.event)
    whose = Booking.user_id == one_of("user_ids", BigInteger)
    return query.where(whose).group_by(Booking.user_id)


@cache
def _list(tab: Tab) -> Select[Any]:
    wanted = (
        select(Booking, _sort_column(tab))
        .join(Booking.event)
        .options(contains_eager(Booking.event), joinedload(Booking.ticket_type))
        .where(Booking.user_id == bindparam("user_id"), _belongs(tab))
    )
    return _sorted(wanted, tab).limit(bindparam("limit"))


@cache
def _first_of_each(tab: Tab) -> Select[Any]:
    """The beginning of a tab's list for each of many users, with the number of bookings in the tab;
    and one booking of each of their other tabs, with theirs. A user's bookings are read once: who
    has many makes all wait who asked together."""
    users = rows_of(user_id=BigInteger)
    mine = (
        select(
            _sort_column(tab).label("at"),
            _tab().label("tab"),
            *(getattr(Booking, name).label(name) for name in LISTED),
        )
        .select_from(users)
        .join(Booking, Booking.user_id == users.c.user_id)
        .join(Booking.event)
        .subquery()
    )
    whose = (mine.c.user_id, mine.c.tab)
    # One window for both, which a tab's number looks at as a whole, and the order that it leaves.
    window: Any = {"partition_by": whose, "order_by": _order(tab, mine.c.at, mine.c.id)}
    turn = func.row_number().over(**window, rows=(None, None))
    count = func.count().over(**window, rows=(None, None))
    ranked = select(mine, turn.label("turn"), count.label("count")).subquery()
    most = case((ranked.c.tab == _TABS.index(tab), bindparam("limit")), else_=1)
    columns = (ranked.c.at, ranked.c.tab, ranked.c.count, *(ranked.c[name] for name in LISTED))
    order = (ranked.c.user_id, ranked.c.tab, *_order(tab, ranked.c.at, ranked.c.id))
    return select(*columns).where(ranked.c.turn <= most).order_by(*order)


def _belongs(tab: Tab) -> ColumnElement[bool]:
    if tab == Tab.CANCELLED:
        return ~_stood()
    now = func.now()
    return _stood() & (Event.are_to_come(now) if tab == Tab.UPCOMING else Event.are_over(now))


def _tab() -> ColumnElement[int]:
    """The place in `_TABS` of the one it `_belongs` to."""
    upcoming, past, cancelled = map(_TABS.index, (Tab.UPCOMING, Tab.PAST, Tab.CANCELLED))
    return case((~_stood(), cancelled), (Event.are_to_come(func.now()), upcoming), else_=past)


def _stood() -> ColumnElement[bool]:
    # Those of an event that was deleted after it took place are past, not cancelled.
    return Booking.takes_seats | (Booking.state == BookingState.CONFIRMED.value)


def _sort_column(tab: Tab) -> ColumnElement[Any]:
    # What was given away has no such moment, and what was not paid in time ended at another.
    cancelled = func.coalesce(Booking.cancelled_at, Booking.reserved_until, Booking.created_at)
    columns = {Tab.UPCOMING: _turn(), Tab.PAST: Event.start_at, Tab.CANCELLED: cancelled}
    return columns[tab]  # type: ignore[return-value]


def _turn() -> ColumnElement[datetime]:
    """When it is a booking's turn in a list of what is to come: its event's start, also while it is
    under way; for a long one that has begun its end, so that it stands below tonight's concert; of
    one that waits for its payment the moment until when."""
    waits = Booking.status == BookingStatus.RESERVED.value
    begun_and_long = and_(Event.start_at <= func.now(), Event.end_at > Event.start_at + LONG)
    return case(
        (waits, Booking.reserved_until), (begun_and_long, Event.end_at), else_=Event.start_at
    )


def _sorted(wanted: Select[Any], tab: Tab) -> Select[Any]:
    return wanted.order_by(*_order(tab, _sort_column(tab), Booking.id))


def _order(tab: Tab, *columns: Any) -> Sequence[ColumnElement[Any]]:
    return columns if tab == Tab.UPCOMING else [column.desc() for column in columns]


def _cursor(tab: Tab, at: datetime | None, booking: ListedBooking) -> str:
    return encode_cursor(tab, at.isoformat() if at else "", booking.id)


def _cursor_values(cursor: str, tab: Tab) -> tuple[datetime, int]:
    name, at, ident = decode_cursor(cursor, 3)
    try:
        if name != tab:
            raise ValueError(name)
        return datetime.fromisoformat(at), decode_id(ident)
    except ValueError as error:
        raise unknown_cursor() from error
