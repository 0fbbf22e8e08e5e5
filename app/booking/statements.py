"""The ledger's statements. Lists travel as arrays, so that each statement has one text whatever the
size of the batch: SQLAlchemy compiles it once, PostgreSQL plans it once."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    String,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.booking.orders import Confirmed, Order
from app.models import Booking, BookingStatus, Event, User

_CONFIRMED = (
    Booking.id,
    Booking.reference,
    Booking.user_id,
    Booking.event_id,
    Booking.seats,
    Booking.price_minor,
    Booking.status,
)


def _array(name: str, kind: Any) -> Any:
    return bindparam(name, type_=ARRAY(kind), unique=False)


def _one_of(name: str, kind: Any) -> ColumnElement[Any]:
    return any_(_array(name, kind))


def _rows(**columns: Any) -> Any:
    """Arrays side by side, as a table."""
    # Of their own names: SQLAlchemy keeps the columns' names for itself in INSERT and UPDATE.
    arrays = [_array(f"given_{name}", kind) for name, kind in columns.items()]
    names = [column(name, kind) for name, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*names, name="given").render_derived()


_LOCK = (
    select(
        Event.id,
        Event.seats_available,
        Event.version,
        Event.incarnation,
        Event.status,
        Event.start_at,
        Event.sales_open_at,
        Event.sales_close_at,
        Event.max_per_person,
        Event.price_minor,
    )
    .where(Event.id == _one_of("ids", BigInteger), Event.deleted_at.is_(None))
    .order_by(Event.id)
    .with_for_update(key_share=True)
)
_USERS = select(User.id).where(User.id == _one_of("ids", BigInteger))
_GIVEN_KEYS = _rows(user_id=BigInteger, key=String)
_EARLIER = select(*_CONFIRMED, Booking.idempotency_key, Booking.fingerprint).join(
    _GIVEN_KEYS,
    (Booking.user_id == _GIVEN_KEYS.c.user_id) & (Booking.idempotency_key == _GIVEN_KEYS.c.key),
)
_GIVEN_PAIRS = _rows(event_id=BigInteger, user_id=BigInteger)
_HELD = (
    select(Booking.event_id, Booking.user_id, func.sum(Booking.seats))
    .join(
        _GIVEN_PAIRS,
        (Booking.event_id == _GIVEN_PAIRS.c.event_id) & (Booking.user_id == _GIVEN_PAIRS.c.user_id),
    )
    .where(Booking.status == literal(BookingStatus.CONFIRMED.value))
    .group_by(Booking.event_id, Booking.user_id)
)
_NEW = {
    "reference": String,
    "user_id": BigInteger,
    "event_id": BigInteger,
    "seats": Integer,
    "price_minor": Integer,
    "idempotency_key": String,
    "fingerprint": String,
}
_INSERT = (
    insert(Booking.__table__)  # type: ignore[arg-type]
    .from_select(list(_NEW), select(*_rows(**_NEW).c))
    .returning(Booking.id, Booking.reference)
)
_COUNTED = _rows(id=BigInteger, left=Integer)
_COUNT = (
    update(Event.__table__)  # type: ignore[arg-type]
    .where(Event.id == _COUNTED.c.id)
    .values(seats_available=_COUNTED.c.left, version=Event.version + 1)
)


def lock_rows(session: Session, event_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """The events' rows, locked in id order; deleted ones are left out."""
    rows: Any = session.execute(_LOCK, {"ids": list(event_ids)})
    return {row.id: row for row in rows}


def known_users(session: Session, user_ids: Iterable[int]) -> set[int]:
    return set(session.scalars(_USERS, {"ids": list(user_ids)}))


def earlier_bookings(
    session: Session, keys: Iterable[tuple[int, str]]
) -> list[tuple[Confirmed, str | None, str | None]]:
    """The bookings made with these (user, key) pairs, each with its key and fingerprint."""
    pairs = list(keys)
    if not pairs:
        return []
    user_ids, texts = zip(*pairs, strict=True)
    rows = session.execute(_EARLIER, {"given_user_id": list(user_ids), "given_key": list(texts)})
    return [(Confirmed(*row[:-2]), row[-2], row[-1]) for row in rows]


def seats_held(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Confirmed seats by (event, user)."""
    given = list(pairs)
    if not given:
        return {}
    event_ids, user_ids = zip(*given, strict=True)
    rows = session.execute(
        _HELD, {"given_event_id": list(event_ids), "given_user_id": list(user_ids)}
    )
    return {(event_id, user_id): seats for event_id, user_id, seats in rows}


def insert_bookings(
    session: Session, orders: Sequence[Order], prices: Sequence[int]
) -> dict[str, Confirmed]:
    """Insert all bookings, in the orders' sequence; by reference."""
    if not orders:
        return {}
    made = session.execute(
        _INSERT,
        {
            "given_reference": [order.reference for order in orders],
            "given_user_id": [order.user_id for order in orders],
            "given_event_id": [order.event_id for order in orders],
            "given_seats": [order.seats for order in orders],
            "given_price_minor": list(prices),
            "given_idempotency_key": [order.idempotency_key for order in orders],
            "given_fingerprint": [order.fingerprint for order in orders],
        },
    )
    ids = {reference: id for id, reference in made}
    return {
        order.reference: Confirmed(
            ids[order.reference], order.reference, order.user_id, order.event_id, order.seats, price
        )
        for order, price in zip(orders, prices, strict=True)
    }


def count(session: Session, left: dict[int, int]) -> None:
    """Write the counters, and a new version with each, in one statement."""
    if left:
        session.execute(_COUNT, {"given_id": list(left), "given_left": list(left.values())})


def confirmed_by_reference(session: Session, references: Iterable[str]) -> dict[str, Confirmed]:
    query = select(*_CONFIRMED).where(Booking.reference == _one_of("references", String))
    rows = session.execute(query, {"references": list(references)})
    return {row.reference: Confirmed(*row) for row in rows}
