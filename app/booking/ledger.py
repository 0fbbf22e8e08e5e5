"""The ledger: the transaction that locks event rows, checks, inserts, counts and commits.

Every writer of seats locks the event's row before it reads. Several rows are locked in id order,
so that two writers cannot deadlock. FOR NO KEY UPDATE excludes other writers of seats without
blocking the foreign-key checks of inserts. The buyers' rows are locked after all event rows, FOR
KEY SHARE, so that deleting an account and booking with it wait for each other.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.booking import queries
from app.booking.commit_recovery import resolve
from app.booking.connections import FROZEN_AFTER_MS, ledger_session
from app.booking.orders import Booked, Confirmed, Order, Outcome, SeatSnapshot
from app.db import in_doubt
from app.errors import (
    Busy,
    EventNotFound,
    IdempotencyKeyReused,
    NotEnoughSeats,
    OverPersonLimit,
    SalesClosed,
    UserNotFound,
    UtsavamError,
)
from app.models import Event, EventStatus, SaleState
from app.models.columns import now
from app.models.event import sale_state

Found = dict[str, Confirmed | UtsavamError]
"""By reference: the booking, or the error that says what is known after a lost COMMIT reply."""

DUE_TO_OTHERS = (NotEnoughSeats, OverPersonLimit, IdempotencyKeyReused)
"""Refusals that can be due to other orders of the same transaction."""

_SET_IDLE_TIMEOUT = text(f"SET LOCAL idle_in_transaction_session_timeout = {FROZEN_AFTER_MS}")


@dataclass
class Batch:
    """The data by which the orders of one transaction are decided, updated with each of them."""

    at: datetime
    """By this process's clock: decides whether sales are open, and becomes `created_at`."""
    held_from: float
    """`time.monotonic()` when the event rows were locked."""
    events: dict[int, Row[Any]]
    left: dict[int, int]
    users: set[int]
    booked_by_user: dict[tuple[int, int], int]
    by_key: dict[tuple[int, str | None], tuple[str, str | None]]
    """Maps (user id, idempotency key) to (reference, fingerprint)."""
    earlier: dict[str, Confirmed]
    accepted: list[Order]


def record(
    orders: Sequence[Order], locked: Callable[[float], None] | None = None
) -> tuple[list[Outcome], list[SeatSnapshot]]:
    """Decide the orders in sequence, in one transaction, and return their outcomes after COMMIT.

    Also returns a snapshot of each event. Raises `DBAPIError` when nothing was committed; when
    COMMIT's reply was lost, the outcomes say what is known (see `commit_recovery`). `locked` is
    called with the seconds until the row locks were acquired.
    """
    started = time.monotonic()
    with ledger_session() as session:
        batch = _open_batch(session, orders)
        if locked:
            locked(batch.held_from - started)
        verdicts = [_decide(batch, order) for order in orders]
        found: Found = {**batch.earlier, **_write(session, batch)}
        snapshots = [_snapshot(batch, row, started) for row in batch.events.values()]
        try:
            session.commit()
        except DBAPIError as error:
            if not in_doubt(error):
                raise
            found, snapshots = {**batch.earlier, **resolve(batch.accepted)}, []
            # A refusal due to bookings that may not have been committed is not valid.
            verdicts = [Busy() if isinstance(v, DUE_TO_OTHERS) else v for v in verdicts]
    return [_answer(order, v, found) for order, v in zip(orders, verdicts, strict=True)], snapshots


def lock_events(session: Session, event_ids: Iterable[int]) -> dict[int, Event]:
    """Lock the rows in id order and return them, refreshed, by id; deleted events are left out.

    For the rest of the transaction the session gets the ledger's own idle timeout: a frozen
    process must not block buyers with its row locks.
    """
    session.execute(_SET_IDLE_TIMEOUT)
    query = (
        select(Event)
        .where(Event.id.in_(set(event_ids)), Event.deleted_at.is_(None))
        .order_by(Event.id)
        .with_for_update(key_share=True)
        # Otherwise a row that the session has already loaded would keep its stale values.
        .execution_options(populate_existing=True)
    )
    return {event.id: event for event in session.scalars(query)}


def snapshot_of(event: Event, started: float) -> SeatSnapshot:
    """Return a snapshot of a locked event; `started` is the monotonic time before the lock."""
    return SeatSnapshot(event.id, event.seats_available, event.version, event.incarnation, started)


def _open_batch(session: Session, orders: Sequence[Order]) -> Batch:
    events = queries.lock_rows(session, {order.event_id for order in orders})
    held_from = time.monotonic()
    users, earlier = queries.earlier(session, {(o.user_id, o.idempotency_key) for o in orders})
    limited = {id for id, row in events.items() if row.max_per_person is not None}
    pairs = {(o.event_id, o.user_id) for o in orders if o.event_id in limited}
    return Batch(
        at=now(),
        held_from=held_from,
        events=events,
        left={row.id: row.seats_available for row in events.values()},
        users=users,
        booked_by_user=queries.seats_by_user(session, pairs),
        by_key={
            (booking.user_id, key): (booking.reference, fingerprint)
            for booking, key, fingerprint in earlier
        },
        earlier={booking.reference: booking for booking, _key, _fingerprint in earlier},
        accepted=[],
    )


def _decide(batch: Batch, order: Order) -> str | UtsavamError:
    """Return the reference of the booking that answers the order, or the refusal.

    A repeated idempotency key is checked first: its booking stands, whatever has happened to the
    event since.
    """
    key = (order.user_id, order.idempotency_key)
    if order.idempotency_key is not None and key in batch.by_key:
        reference, fingerprint = batch.by_key[key]
        return reference if fingerprint == order.fingerprint else IdempotencyKeyReused()
    if refusal := _refusal(batch, order):
        return refusal
    batch.left[order.event_id] -= order.seats
    pair = (order.event_id, order.user_id)
    batch.booked_by_user[pair] = batch.booked_by_user.get(pair, 0) + order.seats
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
    booked_by_user = batch.booked_by_user.get((event.id, order.user_id), 0)
    if event.max_per_person is not None and booked_by_user + order.seats > event.max_per_person:
        return OverPersonLimit(event.id, event.max_per_person, booked_by_user, order.seats)
    if order.seats > left:
        return NotEnoughSeats(event.id, order.seats, left)
    return None


def _write(session: Session, batch: Batch) -> dict[str, Confirmed]:
    """Insert the accepted orders' bookings, and update the counters that they change."""
    rows = [batch.events[order.event_id] for order in batch.accepted]
    prices = [(row.price_minor, row.currency) for row in rows]
    counters = {
        row.id: batch.left[row.id]
        for row in batch.events.values()
        if batch.left[row.id] != row.seats_available
    }
    return queries.insert_bookings(session, batch.accepted, prices, counters, batch.at)


def _snapshot(batch: Batch, row: Row[Any], started: float) -> SeatSnapshot:
    left = batch.left[row.id]
    version = row.version + (left != row.seats_available)
    return SeatSnapshot(row.id, left, version, row.incarnation, started)


def _answer(order: Order, verdict: str | UtsavamError, found: Found) -> Outcome:
    answer = found[verdict] if isinstance(verdict, str) else verdict
    if isinstance(answer, UtsavamError):
        return answer
    if answer.reference == order.reference:
        return Booked(answer)
    # As confirmed the first time, even if some of its seats have been given back since.
    return Booked(replace(answer, seats=order.seats), replayed=True)
