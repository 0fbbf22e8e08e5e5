"""The transaction: lock the event rows, check, insert, count, commit.

Every writer of seats locks the event's row first and reads afterwards. Several rows are locked in
id order, so that two writers never wait for each other. FOR NO KEY UPDATE excludes other writers
of seats, and leaves the foreign-key checks of inserts alone.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Row,
    column,
    func,
    insert,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.booking.orders import Booked, Look, Order, Outcome
from app.booking.resolver import resolve
from app.db import ledger_session
from app.errors import (
    EventNotFound,
    IdempotencyKeyReused,
    NotEnoughSeats,
    OverPersonLimit,
    SalesClosed,
    UserNotFound,
    UtsavamError,
)
from app.models import Booking, BookingStatus, Event, EventStatus, SaleState, User
from app.models.columns import now
from app.models.event import sale_state


@dataclass
class Batch:
    """What the orders of one transaction are decided by, kept up to date as they are."""

    at: datetime
    events: dict[int, Row[Any]]
    left: dict[int, int]
    users: set[int]
    held: dict[tuple[int, int], int]
    by_key: dict[tuple[int, str | None], tuple[str, str | None]]
    """(user, idempotency key) to (reference, fingerprint)."""
    earlier: dict[str, Booking]
    accepted: list[Order]


def record(orders: Sequence[Order]) -> tuple[list[Outcome], list[Look]]:
    """Decide the orders in their sequence, in one transaction; the answers come after its commit.

    Also returns what every event's counter was left at. Raises `DBAPIError` when nothing was
    committed; when COMMIT's answer was lost, the answers tell what is known (see `resolver`).
    """
    started = time.monotonic()
    with ledger_session() as session:
        batch = _open_batch(session, orders)
        verdicts = [_decide(batch, order) for order in orders]
        found: dict[str, Booking | UtsavamError] = {**batch.earlier, **_insert(session, batch)}
        _count(session, batch)
        looks = [_look(batch, row, started) for row in batch.events.values()]
        try:
            session.commit()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            found, looks = {**batch.earlier, **resolve(batch.accepted)}, []
    return [_answer(order, v, found) for order, v in zip(orders, verdicts, strict=True)], looks


def lock_events(session: Session, event_ids: Iterable[int]) -> dict[int, Event]:
    """Lock the rows in id order and return them as they are now; deleted events are left out."""
    query = (
        select(Event)
        .where(Event.id.in_(set(event_ids)), Event.deleted_at.is_(None))
        .order_by(Event.id)
        .with_for_update(key_share=True)
        # A row that the session has seen before would keep its stale values otherwise.
        .execution_options(populate_existing=True)
    )
    return {event.id: event for event in session.scalars(query)}


def look_at(event: Event, started: float) -> Look:
    """The look that a lock holder takes away; `started` is from before the lock."""
    return Look(event.id, event.seats_available, event.version, event.incarnation, started)


def _open_batch(session: Session, orders: Sequence[Order]) -> Batch:
    events = _lock_rows(session, {order.event_id for order in orders})
    earlier = _earlier_bookings(session, orders)
    return Batch(
        at=now(),
        events=events,
        left={row.id: row.seats_available for row in events.values()},
        users=set(session.scalars(select(User.id).where(User.id.in_({o.user_id for o in orders})))),
        held=_seats_held(session, events, orders),
        by_key={(b.user_id, b.idempotency_key): (b.reference, b.fingerprint) for b in earlier},
        earlier={booking.reference: booking for booking in earlier},
        accepted=[],
    )


def _lock_rows(session: Session, event_ids: set[int]) -> dict[int, Row[Any]]:
    query = (
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
        .where(Event.id.in_(event_ids), Event.deleted_at.is_(None))
        .order_by(Event.id)
        .with_for_update(key_share=True)
    )
    rows: Any = session.execute(query).all()
    return {row.id: row for row in rows}


def _earlier_bookings(session: Session, orders: Sequence[Order]) -> Sequence[Booking]:
    keys = {(o.user_id, o.idempotency_key) for o in orders if o.idempotency_key is not None}
    if not keys:
        return ()
    query = select(Booking).where(tuple_(Booking.user_id, Booking.idempotency_key).in_(keys))
    return session.scalars(query).all()


def _seats_held(
    session: Session, events: dict[int, Row[Any]], orders: Sequence[Order]
) -> dict[tuple[int, int], int]:
    """Confirmed seats by (event, user), for the events that limit them."""
    limited = {id for id, row in events.items() if row.max_per_person is not None}
    pairs = {(o.event_id, o.user_id) for o in orders if o.event_id in limited}
    if not pairs:
        return {}
    query = (
        select(Booking.event_id, Booking.user_id, func.sum(Booking.seats))
        .where(tuple_(Booking.event_id, Booking.user_id).in_(pairs))
        .where(Booking.status == BookingStatus.CONFIRMED)
        .group_by(Booking.event_id, Booking.user_id)
    )
    return {(event_id, user_id): seats for event_id, user_id, seats in session.execute(query)}


def _decide(batch: Batch, order: Order) -> str | UtsavamError:
    """The reference of the booking that answers the order, or why there is none.

    A repeated key comes first: its booking stands, whatever has happened to the event since.
    """
    key = (order.user_id, order.idempotency_key)
    if order.idempotency_key is not None and key in batch.by_key:
        reference, fingerprint = batch.by_key[key]
        return reference if fingerprint == order.fingerprint else IdempotencyKeyReused()
    if refusal := _refusal(batch, order):
        return refusal
    batch.left[order.event_id] -= order.seats
    pair = (order.event_id, order.user_id)
    batch.held[pair] = batch.held.get(pair, 0) + order.seats
    batch.by_key[key] = (order.reference, order.fingerprint)
    batch.accepted.append(order)
    return order.reference


def _refusal(batch: Batch, order: Order) -> UtsavamError | None:
    event = batch.events.get(order.event_id)
    if event is None or event.status == EventStatus.DRAFT:
        return EventNotFound(order.event_id)
    if order.user_id not in batch.users:
        return UserNotFound(order.user_id)
    left = batch.left[event.id]
    state = sale_state(event, left, batch.at)
    if state not in {SaleState.OPEN, SaleState.SOLD_OUT}:
        return SalesClosed(event.id, state)
    held = batch.held.get((event.id, order.user_id), 0)
    if event.max_per_person is not None and held + order.seats > event.max_per_person:
        return OverPersonLimit(event.id, event.max_per_person, held, order.seats)
    if order.seats > left:
        return NotEnoughSeats(event.id, order.seats, left)
    return None


def _insert(session: Session, batch: Batch) -> dict[str, Booking]:
    if not batch.accepted:
        return {}
    rows = [
        {
            "reference": order.reference,
            "user_id": order.user_id,
            "event_id": order.event_id,
            "seats": order.seats,
            "price_minor": batch.events[order.event_id].price_minor,
            "idempotency_key": order.idempotency_key,
            "fingerprint": order.fingerprint,
        }
        for order in batch.accepted
    ]
    made = session.scalars(insert(Booking).returning(Booking), rows)
    return {booking.reference: booking for booking in made}


def _count(session: Session, batch: Batch) -> None:
    """Write every changed counter, and a new version with it, in one statement."""
    changed = [
        (row.id, batch.left[row.id])
        for row in batch.events.values()
        if batch.left[row.id] != row.seats_available
    ]
    if not changed:
        return
    counted = values(column("id", BigInteger), column("left", Integer), name="counted")
    counted = counted.data(changed)
    session.execute(
        update(Event)
        .where(Event.id == counted.c.id)
        .values(seats_available=counted.c.left, version=Event.version + 1),
        execution_options={"synchronize_session": False},
    )


def _look(batch: Batch, row: Row[Any], started: float) -> Look:
    left = batch.left[row.id]
    version = row.version + (left != row.seats_available)
    return Look(row.id, left, version, row.incarnation, started)


def _answer(
    order: Order, verdict: str | UtsavamError, found: dict[str, Booking | UtsavamError]
) -> Outcome:
    answer = found[verdict] if isinstance(verdict, str) else verdict
    if isinstance(answer, UtsavamError):
        return answer
    return Booked(answer, replayed=answer.reference != order.reference)
