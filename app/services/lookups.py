"""What nearly every page asks the database, answered for all who ask at the same time at once.

A page needs these answers within a millisecond, while others wait for a connection to search or to
save. So they have a connection of their own in each process, and no transaction: whoever asks while
a statement is under way is answered by the next one, together with all who came meanwhile. Nothing
is kept: an answer is never older than its question, so whoever signs out is signed out in every
process at once.
"""

import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import BigInteger, String, func, literal_column, select
from sqlalchemy import event as listening
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload

from app.booking.arrays import one_of, rows_of
from app.booking.connections import KEYS_ALONE, with_settings
from app.booking.group_commit import GroupCommit, QueueFull, ResultUnknown
from app.config import LOOKUP_POOL, Settings
from app.db import db, engine_options, listen
from app.errors import Busy
from app.models import Booking, Event, SignIn, TicketType, User

LOOKUPS = "lookups"
"""Name (bind key) of the lookups' engine."""
MAX_BATCH = 200
MAX_QUEUE = 5_000
TIMEOUT = 3.0
"""Seconds that a question waits for its batch."""
PLANS_KEPT = 1.0
"""Seconds for which a connection keeps the plans of its statements. To plan them takes half of the
database's work, but a plan that was made for an empty table may read all of it as it grows."""

Answers = Mapping[Any, Any]
Ask = Callable[[Session, list[Any]], Answers]


class Held(NamedTuple):
    """The seats that somebody holds for an event, in how many bookings, and the newest of them."""

    seats: int = 0
    bookings: int = 0
    newest: int | None = None
    reserved: int = 0
    """Those of the seats that are not paid yet."""
    pay_by: datetime | None = None
    """Until when the first of them wait."""


class _Question(NamedTuple):
    ask: Ask
    key: Hashable


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the lookups' engine: those of the pages, without transactions, and
    with statements that find rows by their keys alone.
    """
    return {
        **with_settings(engine_options(settings), KEYS_ALONE),
        "pool_size": LOOKUP_POOL,
        "isolation_level": "AUTOCOMMIT",
    }


def init_app(app: Flask, settings: Settings) -> None:
    """Configure the engine. Call it after `db.init_app`, which creates it."""
    with app.app_context():
        engine = db.engines[LOOKUPS]
        listen(engine, settings.statement_timeout_ms, " lookups {}")
        listening.listen(engine, "checkout", _plan_anew)
    app.extensions["lookups"] = GroupCommit(
        _answer, max_batch=MAX_BATCH, max_queue=MAX_QUEUE, timeout=TIMEOUT, gathers=True
    )


def _plan_anew(connection: Any, record: Any, _proxy: Any) -> None:
    """Let a connection forget its plans once they are old."""
    now = time.monotonic()
    if now - record.info.setdefault("planned_at", now) > PLANS_KEPT:
        connection.execute("DISCARD PLANS")
        record.info["planned_at"] = now


def signed_in_user(token_digest: str) -> User | None:
    """Return the user of a sign-in that has not ended, or None."""
    return ask(_users, token_digest)  # type: ignore[no-any-return]


def held(user_id: int, event_id: int) -> Held:
    """Return what the user holds for the event."""
    return ask(read_held, (user_id, event_id)) or Held()


def signed_in_user_and(
    token_digest: str, question: Ask, *facts: Hashable
) -> tuple[User | None, Any]:
    """Return the user of a sign-in that has not ended, and the answer to a question about them,
    whose key is their id and the facts; None if there is nobody or no answer."""
    return ask(_users_and, (token_digest, question, facts))  # type: ignore[no-any-return]


def booking(booking_id: int) -> Booking | None:
    """Return the booking with its event and user, or None."""
    return ask(_bookings, booking_id)  # type: ignore[no-any-return]


def bookings_of(references: Sequence[str]) -> list[Booking]:
    """Return the bookings of these references, each with its event and user, in no order."""
    return ask(_by_references, tuple(references)) if references else []


def ask(question: Ask, key: Hashable) -> Any:
    """Return the answer that the function `question` finds for `key`, in a batch with others.

    Raises `Busy` when the answer would come too late.
    """
    lookups: GroupCommit[_Question, Any] = current_app.extensions["lookups"]
    try:
        return lookups.submit(_Question(question, key))
    except (QueueFull, ResultUnknown):
        raise Busy from None


def _answer(questions: Sequence[_Question]) -> list[Any]:
    """Answer a batch with one statement for each kind of question in it."""
    try:
        found = _read(questions)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server has closed the connection since the last batch, or has failed over.
        found = _read(questions)
    return [found[question.ask].get(question.key) for question in questions]


def _read(questions: Sequence[_Question]) -> dict[Ask, Answers]:
    keys: dict[Ask, dict[Hashable, None]] = {}
    for question in questions:
        keys.setdefault(question.ask, {})[question.key] = None
    with Session(db.engines[LOOKUPS], expire_on_commit=False, autoflush=False) as session:
        found = {ask: ask(session, list(wanted)) for ask, wanted in keys.items()}
        session.expunge_all()
    return found


_WANTED = rows_of(user_id=BigInteger, event_id=BigInteger)
_BOOKING = select(Booking).options(joinedload(Booking.user))
_TYPES = select(TicketType).where(TicketType.event_id == one_of("event_ids", BigInteger))
_EVENTS = select(Event).where(Event.id == one_of("event_ids", BigInteger))
# Whether it has ended is told beside it: as a condition, a plan for a table without statistics read
# all that have not, by their index. A sign-in may have begun while its account was being deleted.
_USERS = (
    select(SignIn.token_digest, SignIn.expires_at > func.now(), User)
    .join(User, User.id == SignIn.user_id)
    .where(SignIn.token_digest == one_of("digests", String), User.deleted_at.is_(None))
)
# Pair by pair: a join might read the whole table for all of them, and keep doing so as it grows.
_FOUND = (
    select(
        func.sum(Booking.seats).label("seats"),
        func.count().label("bookings"),
        func.max(Booking.id).label("newest"),
        # What is confirmed waits for nothing.
        func.coalesce(
            func.sum(Booking.seats).filter(Booking.reserved_until.is_not(None)),
            literal_column("0"),
        ).label("reserved"),
        func.min(Booking.reserved_until).label("pay_by"),
    )
    .where(
        Booking.user_id == _WANTED.c.user_id,
        Booking.event_id == _WANTED.c.event_id,
        Booking.takes_seats,
    )
    .correlate(_WANTED)
    .lateral("found")
)
_HELD = (
    select(_WANTED.c.user_id, _WANTED.c.event_id, *_FOUND.c)
    .select_from(_WANTED)
    .join(_FOUND, _FOUND.c.newest.is_not(None))
)
_BOOKINGS = _BOOKING.where(Booking.id == one_of("ids", BigInteger))
_BY_REFERENCE = _BOOKING.where(Booking.reference == one_of("refs", String))


def events(session: Session, event_ids: Collection[int]) -> dict[int, Event]:
    """Return the events that exist, by their ids."""
    rows = session.scalars(_EVENTS, {"event_ids": list(event_ids)}).all() if event_ids else []
    return {event.id: event for event in rows}


def types(session: Session, events: Iterable[Event]) -> dict[tuple[int, int | None], TicketType]:
    """Return the ticket types of those events that have some, by event and id; the default one
    also by None, as bookings mean it that were made before."""
    event_ids = [event.id for event in events if event.has_types]
    rows = session.scalars(_TYPES, {"event_ids": event_ids}).all() if event_ids else []
    found: dict[tuple[int, int | None], TicketType] = {(row.event_id, row.id): row for row in rows}
    return found | {(row.event_id, None): row for row in rows if row.is_default}


def with_events(session: Session, bookings: Sequence[Booking]) -> list[Booking]:
    """Give each of the bookings its event and type, and return those that still have an event.

    Many have the same event, which is read once: it has some forty columns.
    """
    known = events(session, {booking.event_id for booking in bookings})
    named = types(session, known.values())
    found = [booking for booking in bookings if booking.event_id in known]
    for booking in found:
        vars(booking)["event"] = known[booking.event_id]
        vars(booking)["ticket_type"] = named.get((booking.event_id, booking.ticket_type_id))
    return found


def _users(session: Session, digests: list[str]) -> Answers:
    rows = session.execute(_USERS, {"digests": digests})
    return {digest: user for digest, is_good, user in rows if is_good}


def read_held(session: Session, pairs: list[tuple[int, int]]) -> Answers:
    """What is `held`, by user and event."""
    users, events = zip(*pairs, strict=True)
    rows = session.execute(_HELD, {"given_user_id": users, "given_event_id": events})
    return {(row[0], row[1]): Held(*row[2:]) for row in rows}


def _users_and(session: Session, wanted: list[tuple[str, Ask, tuple[Hashable, ...]]]) -> Answers:
    users = _users(session, list({digest for digest, *_ in wanted}))
    keys: dict[Ask, dict[Hashable, None]] = {}
    for digest, question, facts in wanted:
        if digest in users:
            keys.setdefault(question, {})[users[digest].id, *facts] = None
    found = {question: question(session, list(asked)) for question, asked in keys.items()}
    return {
        (digest, question, facts): (user, found[question].get((user.id, *facts)) if user else None)
        for digest, question, facts in wanted
        for user in [users.get(digest)]
    }


def _bookings(session: Session, ids: list[int]) -> Answers:
    found = session.scalars(_BOOKINGS, {"ids": ids}).all()
    return {booking.id: booking for booking in with_events(session, found)}


def _by_references(session: Session, wanted: list[tuple[str, ...]]) -> Answers:
    references = list({reference for some in wanted for reference in some})
    rows = session.scalars(_BY_REFERENCE, {"refs": references}).all()
    found = {booking.reference: booking for booking in with_events(session, rows)}
    return {some: [found[one] for one in some if one in found] for some in wanted}
