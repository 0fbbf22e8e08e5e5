"""The ledger's SQL: three statements per batch, and COMMIT.

Lists are passed as arrays, so that a statement's text does not depend on the batch size:
SQLAlchemy compiles it once, and PostgreSQL plans it once. The statements use Core tables, so that
no ORM object is created per row.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    func,
    insert,
    literal_column,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.booking import voucher_queries
from app.booking.arrays import one_of, rows_of
from app.booking.connections import enable_busy_poll
from app.booking.orders import Confirmed, Order
from app.booking.typed_orders import TypeRow
from app.booking.voucher_orders import VoucherCounts
from app.models import Booking, Event, Happened, JournalEntry, TicketType, User
from app.models.booking import BookingStatus, takes_seats

_EVENTS = cast("Table", Event.__table__)
_BOOKINGS = cast("Table", Booking.__table__)
_USERS = cast("Table", User.__table__)
_JOURNAL = cast("Table", JournalEntry.__table__)
_TYPE_TABLE = cast("Table", TicketType.__table__)
_EVENT, _BOOKING, _TYPE = _EVENTS.c, _BOOKINGS.c, _TYPE_TABLE.c
CONFIRMED = (
    _BOOKING.id,
    _BOOKING.reference,
    _BOOKING.user_id,
    _BOOKING.event_id,
    _BOOKING.seats,
    _BOOKING.price_minor,
    _BOOKING.status,
    _BOOKING.address_version,
    _BOOKING.ticket_type_id,
    _BOOKING.order_reference,
    _BOOKING.reserved_until,
)
Earlier = tuple[Confirmed, str, str]
"""A booking with the idempotency key and the fingerprint that it was made with."""


_LOCK = (
    select(
        _EVENT.id,
        _EVENT.seats_available,
        _EVENT.version,
        _EVENT.incarnation,
        _EVENT.status,
        _EVENT.start_at,
        _EVENT.end_at,
        _EVENT.sales_open_at,
        _EVENT.sales_close_at,
        _EVENT.sales_paused,
        _EVENT.max_per_person,
        _EVENT.price_minor,
        _EVENT.fee_minor,
        _EVENT.fee_basis_points,
        _EVENT.fee_included,
        _EVENT.currency,
        _EVENT.has_types,
        _EVENT.payment_minutes,
        _EVENT.next_expiry_at,
    )
    .where(_EVENT.id == one_of("ids", BigInteger), _EVENT.deleted_at.is_(None))
    .order_by(_EVENT.id)
    .with_for_update(key_share=True)
)
_ASKED = rows_of(user_id=BigInteger, key=String)
# Found by their ids, so that the plan is an index scan also where the table was never analysed.
# Deleting an account locks its row FOR UPDATE: after the wait PostgreSQL rechecks the row, and its
# `deleted_at` excludes it.
_BUYERS = (
    select(_USERS.c.id)
    .where(_USERS.c.id == one_of("buyer_ids", BigInteger), _USERS.c.deleted_at.is_(None))
    .with_for_update(read=True, key_share=True)
)


def _earlier_of(buyers: Any) -> Any:
    found = buyers.cte("buyers")
    return (
        select(found.c.id.label("known_user"), _BOOKING.idempotency_key, _BOOKING.fingerprint)
        .add_columns(*CONFIRMED)
        .select_from(_ASKED)
        .join(found, found.c.id == _ASKED.c.user_id)
        .outerjoin(
            _BOOKINGS,
            (_BOOKING.user_id == _ASKED.c.user_id) & (_BOOKING.idempotency_key == _ASKED.c.key),
        )
    )


_EARLIER = _earlier_of(_BUYERS)
# Only ever a part of a statement after the one that locks, which would read them from its older
# snapshot.
_TYPES = (
    select(func.jsonb_agg(func.jsonb_build_array(*(_TYPE[name] for name in TypeRow.__slots__))))
    .where(_TYPE.event_id == one_of("typed_ids", BigInteger))
    .scalar_subquery()
)


def with_types(statement: Any) -> Any:
    """The statement, whose last row has the ticket types of some events in a further column."""
    asked = statement.subquery()
    nothing = [null() for _column in asked.c]
    return union_all(
        select(*asked.c, sql_cast(null(), JSONB).label("types")), select(*nothing, _TYPES)
    )


_EARLIER_AND_TYPES = with_types(_EARLIER)
_PAIRS = rows_of(event_id=BigInteger, user_id=BigInteger)
# Pair by pair: a join might read the whole table for all of them, and keep doing so as it grows.
_HELD = (
    select(func.sum(_BOOKING.seats).label("seats"))
    .where(
        _BOOKING.event_id == _PAIRS.c.event_id,
        _BOOKING.user_id == _PAIRS.c.user_id,
        takes_seats(_BOOKING.status),
    )
    .correlate(_PAIRS)
    .lateral("held")
)
_SEATS_BY_USER = (
    select(_PAIRS.c.event_id, _PAIRS.c.user_id, _HELD.c.seats)
    .select_from(_PAIRS)
    .join(_HELD, _HELD.c.seats.is_not(None))
)
NEW_BOOKING = {
    "reference": String,
    "user_id": BigInteger,
    "event_id": BigInteger,
    "seats": Integer,
    "price_minor": Integer,
    "currency": String,
    "idempotency_key": String,
    "fingerprint": String,
}
OF_A_TYPE = {"ticket_type_id": BigInteger, "order_reference": String}
"""Further columns of bookings in a batch with ticket types."""
UNPAID = {"reserved_until": DateTime(timezone=True)}
"""Further column of bookings in a batch of which some are to be paid first."""
WITH_A_FEE = {"fee_minor": Integer}
"""Further column of bookings in a batch with an event that has a fee."""
RESERVED_OR_CONFIRMED: Any = literal_column(
    f"CASE WHEN reserved_until IS NULL THEN '{BookingStatus.CONFIRMED}'"
    f" ELSE '{BookingStatus.RESERVED}' END"
).label("status")
_TAKEN = rows_of(counted_type=BigInteger, taken=Integer)
_TYPES_COUNTED = (
    update(_TYPE_TABLE)
    .where(_TYPE.id == _TAKEN.c.counted_type)
    .values(taken=_TAKEN.c.taken)
    .cte("types_counted")
)
# The time by which sales were found open. The column's default is the transaction's start, which
# may lie before the opening.
DECIDED_AT = bindparam("decided_at", type_=DateTime(timezone=True))


class Writes(NamedTuple):
    """What a batch writes beside bookings and counters; a statement for each combination."""

    journal: bool
    """One entry tells of all the bookings."""
    typed: bool
    """An event of the batch has ticket types, which are counted too."""
    unpaid: bool
    """Some of the bookings are to be paid first, and reserved until then."""
    with_codes: bool = False
    """Some of the orders have a voucher's code, whose uses and holds are counted too."""
    with_fees: bool = False
    """Some of the seats have a fee."""


def _counted(writes: Writes) -> Any:
    """The events' counters."""
    columns: dict[str, Any] = {"counted_id": BigInteger, "left": Integer}
    if writes.unpaid:
        columns["soonest_expiry"] = DateTime(timezone=True)
    if writes.with_codes:
        columns["drawn"] = Integer
    new = rows_of(**columns).c
    values = {"seats_available": new.left, "version": _EVENT.version + 1}
    if writes.unpaid:
        # The least of those that are not NULL.
        values["next_expiry_at"] = func.least(_EVENT.next_expiry_at, new.soonest_expiry)
    if writes.with_codes:
        values["seats_held"] = _EVENT.seats_held - new.drawn
    return update(_EVENTS).where(_EVENT.id == new.counted_id).values(**values)


def write_of(made: Any, *answered: Any, writes: Writes) -> Any:
    """Insert the bookings that `made` selects, write the counters, and return `answered`."""
    names = [*made.selected_columns.keys()[:-1], "created_at"]
    inserted = insert(_BOOKINGS).from_select(names, made).returning(*answered).cte("made")
    written = select(*inserted.c).add_cte(_counted(writes).cte("counted"))
    if writes.typed:
        written = written.add_cte(_TYPES_COUNTED)
    if writes.with_codes:
        written = written.add_cte(*voucher_queries.counting())
    if not writes.journal:
        return written
    entry: Any = select(literal_column(f"'{Happened.BOOKED}'"), func.array_agg(inserted.c.id))
    noted = insert(_JOURNAL).from_select(["kind", "booking_ids"], entry)
    return written.add_cte(noted.cte("noted"))


def columns_of(writes: Writes) -> dict[str, Any]:
    """The columns of the bookings to insert."""
    return (
        NEW_BOOKING
        | (OF_A_TYPE if writes.typed else {})
        | (UNPAID if writes.unpaid else {})
        | (voucher_queries.BY_VOUCHER if writes.with_codes else {})
        | (WITH_A_FEE if writes.with_fees else {})
    )


def status_of(writes: Writes) -> tuple[Any, ...]:
    """The column of the status, where it is not the default."""
    return (RESERVED_OR_CONFIRMED,) if writes.unpaid else ()


@cache
def _write(writes: Writes) -> Any:
    made = select(*rows_of(**columns_of(writes)).c, *status_of(writes), DECIDED_AT)
    return write_of(made, _BOOKING.id, _BOOKING.reference, writes=writes)


def lock_rows(session: Session, event_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Lock the events' rows in id order and return them by id; deleted ones are left out."""
    rows: Any = session.execute(_LOCK, {"ids": list(event_ids)})
    enable_busy_poll(session)
    return {row.id: row for row in rows}


def earlier(
    session: Session, asked: Iterable[tuple[int, str | None]], typed: Iterable[int] = ()
) -> tuple[set[int], list[Earlier], list[TypeRow]]:
    """Return which users of these (user, key) pairs exist, and the bookings made with the keys.

    Each booking comes with its key and fingerprint. The users' rows are locked: no account is
    deleted before the transaction ends. Also returns the ticket types of the `typed` events, whose
    rows the caller has locked.
    """
    user_ids, keys = zip(*asked, strict=True)
    given = {
        "buyer_ids": list(set(user_ids)),
        "given_user_id": list(user_ids),
        "given_key": list(keys),
    }
    rows, types = read_with_types(session, _EARLIER, _EARLIER_AND_TYPES, given, typed)
    found = [(Confirmed(*row[3:]), row[1], row[2]) for row in rows if row[1] is not None]
    return {row[0] for row in rows}, found, types


def read_with_types(
    session: Session, plain: Any, typed: Any, given: dict[str, Any], event_ids: Iterable[int]
) -> tuple[Sequence[Sequence[Any]], list[TypeRow]]:
    """Run the statement `plain`, or `typed` if ticket types of some events are to be read too."""
    ids = list(event_ids)
    if not ids:
        return session.execute(plain, given).all(), []
    *rows, last = session.execute(typed, given | {"typed_ids": ids}).all()
    return [row[:-1] for row in rows], [TypeRow.read(facts) for facts in last[-1] or ()]


def seats_by_user(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return the confirmed seats by (event, user)."""
    given = list(pairs)
    if not given:
        return {}
    event_ids, user_ids = zip(*given, strict=True)
    rows = session.execute(
        _SEATS_BY_USER, {"given_event_id": list(event_ids), "given_user_id": list(user_ids)}
    )
    return {(event_id, user_id): seats for event_id, user_id, seats in rows}


def insert_bookings(
    session: Session,
    orders: Sequence[Order],
    prices: Sequence[tuple[int, str]],
    left: dict[int, int],
    at: datetime,
    *,
    journal: bool = False,
    taken: dict[int, int] | None = None,
    vouchers: VoucherCounts | None = None,
    fees: Sequence[int] | None = None,
) -> dict[str, Confirmed]:
    """Insert the bookings with `created_at` = `at`, and return them by reference.

    `prices` has the price of a seat and its currency for each order, and `fees` the part of it
    that is a fee, or None for a batch without any.
    Also writes the counters in `left`, each with a new version, those of ticket types in `taken`,
    of `vouchers`, and an entry of the `journal`. `taken` is None for a batch without types, and
    `vouchers` for one without codes.
    """
    if not orders:
        return {}
    user_ids = [order.user_id or 0 for order in orders]
    more: dict[str, Any] = {"taken": taken, "vouchers": vouchers, "fees": fees}
    given = parameters(orders, user_ids, prices, left, at, **more)
    made = session.execute(_write(writes_of(orders, journal=journal, **more)), given)
    ids = {reference: id for id, reference in made}
    return {
        order.reference: confirmed(order, ids[order.reference], user_id, minor)
        for order, user_id, (minor, _currency) in zip(orders, user_ids, prices, strict=True)
    }


def writes_of(
    orders: Sequence[Order],
    *,
    taken: dict[int, int] | None,
    vouchers: VoucherCounts | None,
    fees: Sequence[int] | None,
    journal: bool,
) -> Writes:
    """What is written of these orders."""
    return Writes(
        journal=journal,
        typed=taken is not None,
        unpaid=any(order.reserved_until for order in orders),
        with_codes=vouchers is not None,
        with_fees=fees is not None,
    )


def confirmed(order: Order, id: int, user_id: int, price_minor: int) -> Confirmed:
    """The booking that the order has become."""
    status = BookingStatus.RESERVED if order.reserved_until else BookingStatus.CONFIRMED
    return Confirmed(
        id,
        order.reference,
        user_id,
        order.event_id,
        order.seats,
        price_minor,
        status.value,
        ticket_type_id=order.ticket_type_id,
        order_reference=order.order_reference,
        reserved_until=order.reserved_until,
    )


def parameters(
    orders: Sequence[Order],
    user_ids: Sequence[int | None],
    prices: Sequence[tuple[int, str]],
    left: dict[int, int],
    at: datetime,
    *,
    taken: dict[int, int] | None,
    vouchers: VoucherCounts | None,
    fees: Sequence[int] | None,
) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if taken is not None:
        more = {
            "given_ticket_type_id": [order.ticket_type_id for order in orders],
            "given_order_reference": [order.order_reference for order in orders],
            "given_counted_type": list(taken),
            "given_taken": list(taken.values()),
        }
    if vouchers is not None:
        more |= voucher_queries.parameters(vouchers) | {
            "given_voucher_id": [order.voucher_id for order in orders],
            "given_voucher_order": [order.voucher_order for order in orders],
            "given_drawn": [vouchers.drawn.get(event_id, 0) for event_id in left],
        }
    if fees is not None:
        more["given_fee_minor"] = fees
    if ends := _soonest_expiry(orders):
        more["given_reserved_until"] = [order.reserved_until for order in orders]
        more["given_soonest_expiry"] = [ends.get(event_id) for event_id in left]
    return more | {
        "given_reference": [order.reference for order in orders],
        "given_user_id": user_ids,
        "given_event_id": [order.event_id for order in orders],
        "given_seats": [order.seats for order in orders],
        "given_price_minor": [minor for minor, _currency in prices],
        "given_currency": [currency for _minor, currency in prices],
        "given_idempotency_key": [order.idempotency_key for order in orders],
        "given_fingerprint": [order.fingerprint for order in orders],
        "given_counted_id": list(left),
        "given_left": list(left.values()),
        "decided_at": at,
    }


def _soonest_expiry(orders: Sequence[Order]) -> dict[int, datetime]:
    """When the first of the orders' reservations ends, by event."""
    found: dict[int, datetime] = {}
    for order in orders:
        if until := order.reserved_until:
            found[order.event_id] = min(until, found.get(order.event_id, until))
    return found


def confirmed_by_reference(session: Session, references: Iterable[str]) -> dict[str, Confirmed]:
    """Return the bookings with these references, by reference; unknown ones are left out."""
    query = select(*CONFIRMED).where(_BOOKING.reference == one_of("references", String))
    rows: Any = session.execute(query, {"references": list(references)})
    return {row.reference: Confirmed(*row) for row in rows}


def booked_together(session: Session, references: Iterable[str]) -> dict[str, list[Confirmed]]:
    """Return the further bookings of orders for several types, by their order's reference.

    Parts of them that were given back are left out.
    """
    query = select(*CONFIRMED).where(
        _BOOKING.order_reference == one_of("references", String),
        _BOOKING.reference != _BOOKING.order_reference,
        _BOOKING.part_of.is_(None),
    )
    found: dict[str, list[Confirmed]] = {}
    rows: Any = session.execute(query.order_by(_BOOKING.id), {"references": list(references)})
    for row in rows:
        found.setdefault(row.order_reference, []).append(Confirmed(*row))
    return found
