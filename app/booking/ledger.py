"""The ledger: the transaction that locks event rows, checks, inserts, counts and commits.

Every writer of seats locks the event's row before it reads. Several rows are locked in id order,
so that two writers cannot deadlock. FOR NO KEY UPDATE excludes other writers of seats without
blocking the foreign-key checks of inserts. The buyers' rows are locked after all event rows, FOR
KEY SHARE, so that deleting an account and booking with it wait for each other.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.booking import (
    guest_queries,
    order_costs,
    queries,
    reservations,
    typed_orders,
    voucher_queries,
)
from app.booking.commit_recovery import resolve
from app.booking.connections import FROZEN_AFTER_MS, ledger_session
from app.booking.orders import Booked, Confirmed, Order, Outcome, SeatSnapshot
from app.booking.typed_orders import EventTypes, TypeRow
from app.booking.voucher_orders import BatchVouchers, VoucherRow, codes_of
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
    VoucherUsedUp,
)
from app.models import Event, EventStatus, SaleState
from app.models.columns import now
from app.models.event import sale_state

Found = dict[str, Confirmed | UtsavamError]
"""By reference: the booking, or the error that says what is known after a lost COMMIT reply."""

Person = int | str
"""A user's id, or the email of a guest whom this transaction records."""

DUE_TO_OTHERS = (NotEnoughSeats, OverPersonLimit, IdempotencyKeyReused, VoucherUsedUp)
"""Refusals that can be due to other orders of the same transaction."""

_SELLING = {SaleState.OPEN, SaleState.SOLD_OUT}
_SELLING_A_HOLD = _SELLING | {SaleState.NOT_OPEN}
"""To whoever has a voucher that draws on a hold."""

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
    known_guests: dict[str, int]
    """User ids by the guests' emails; new emails are missing."""
    booked_by_user: dict[tuple[int, Person], int]
    by_key: dict[tuple[Person, str | None], tuple[str, str | None]]
    """Maps (person, idempotency key) to (reference, fingerprint)."""
    earlier: dict[str, Confirmed]
    accepted: list[Order]
    """What is inserted: an order for several ticket types is several of them."""
    types: dict[int, EventTypes]
    """Of the events that have ticket types."""
    together: dict[str, list[str]]
    """References of the further bookings, by that of their order."""
    vouchers: BatchVouchers | None = None
    """None of a batch in which no order has a code."""

    def next_expiry_at(self, row: Row[Any]) -> datetime | None:
        """When a reservation of the event ends, those of this transaction included."""
        ends = [row.next_expiry_at] if row.next_expiry_at else []
        if row.payment_minutes:
            ends += [
                o.reserved_until for o in self.accepted if o.event_id == row.id and o.reserved_until
            ]
        return min(ends, default=None)

    def person(self, order: Order) -> Person:
        """Whose booking it would be: one person behind an email, with an account or without."""
        if order.guest is None:
            return order.user_id or 0
        return self.known_guests.get(order.guest.email, order.guest.email)


def record(
    orders: Sequence[Order],
    locked: Callable[[float], None] | None = None,
    *,
    journal: bool = False,
) -> tuple[list[Outcome], list[SeatSnapshot]]:
    """Decide the orders in sequence, in one transaction, and return their outcomes after COMMIT.

    Also returns a snapshot of each event. Raises `DBAPIError` when nothing was committed; when
    COMMIT's reply was lost, the outcomes say what is known (see `commit_recovery`). `locked` is
    called with the seconds until the row locks were acquired. With `journal`, one entry of it
    tells of the bookings.
    """
    started = time.monotonic()
    with ledger_session() as session:
        batch = _open_batch(session, orders, journal=journal)
        if locked:
            locked(batch.held_from - started)
        verdicts = [_decide(batch, order) for order in orders]
        found: Found = {**batch.earlier, **_write(session, batch, journal)}
        snapshots = [_snapshot(batch, row, started) for row in batch.events.values()]
        try:
            session.commit()
        except DBAPIError as error:
            if not in_doubt(error):
                raise
            found, snapshots = {**batch.earlier, **resolve(batch.accepted)}, []
            # A refusal due to bookings that may not have been committed is not valid.
            verdicts = [Busy() if isinstance(v, DUE_TO_OTHERS) else v for v in verdicts]
    answers = [_answer(o, v, found, batch) for o, v in zip(orders, verdicts, strict=True)]
    return answers, snapshots


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
    until = _valid_until(event.next_expiry_at, started, now())
    return SeatSnapshot(
        *(event.id, event.seats_available, event.version, event.incarnation, started), until=until
    )


def _valid_until(next_expiry_at: datetime | None, started: float, at: datetime) -> float:
    """`time.monotonic()` when a reservation ends; `at` is not before `started`."""
    return started + (next_expiry_at - at).total_seconds() if next_expiry_at else math.inf


def _open_batch(session: Session, orders: Sequence[Order], *, journal: bool) -> Batch:
    events = queries.lock_rows(session, {order.event_id for order in orders})
    held_from = time.monotonic()
    codes = codes_of(orders)
    if due := _due(events, orders, now(), codes):
        reservations.expire(session, due, now(), journal=journal)
        events |= queries.lock_rows(session, due)
    typed = {id for id, row in events.items() if row.has_types}
    users, known_guests, earlier, types = _look_up(session, orders, typed)
    limited = {id for id, row in events.items() if row.max_per_person is not None}
    together = _booked_together(session, earlier)
    batch = Batch(
        at=now(),
        held_from=held_from,
        events=events,
        left={row.id: row.seats_available for row in events.values()},
        users=users,
        known_guests=known_guests,
        booked_by_user={},
        by_key={
            (booking.user_id, key): (booking.reference, fingerprint)
            for booking, key, fingerprint in earlier
        },
        earlier={booking.reference: booking for booking, _key, _fingerprint in earlier}
        | {other.reference: other for others in together.values() for other in others},
        accepted=[],
        types=typed_orders.by_event(types),
        together={order: [o.reference for o in others] for order, others in together.items()},
        vouchers=BatchVouchers(voucher_queries.read(session, codes)) if codes else None,
    )
    if limited:
        asked = {(o.event_id, batch.person(o)) for o in orders if o.event_id in limited}
        pairs = {(event_id, id) for event_id, id in asked if isinstance(id, int)}
        for (event_id, user_id), seats in queries.seats_by_user(session, pairs).items():
            batch.booked_by_user[event_id, user_id] = seats
    return batch


def _due(
    events: Mapping[int, Row[Any]],
    orders: Sequence[Order],
    at: datetime,
    codes: Iterable[tuple[int, str]],
) -> list[int]:
    """The events whose orders might be refused for want of seats, and have expired reservations."""
    passed = [
        id
        for id, row in events.items()
        if row.next_expiry_at is not None and row.next_expiry_at <= at
    ]
    wanted = {id: sum(o.seats for o in orders if o.event_id == id) for id in passed}
    # Quotas of types and uses of vouchers are not known yet.
    counted = {event_id for event_id, _code in codes}
    return [
        id
        for id in passed
        if events[id].has_types or id in counted or events[id].seats_available < wanted[id]
    ]


def _booked_together(
    session: Session, earlier: Iterable[queries.Earlier]
) -> dict[str, list[Confirmed]]:
    orders = [booking.order_reference for booking, *_ in earlier if booking.order_reference]
    return queries.booked_together(session, orders) if orders else {}


def _look_up(
    session: Session, orders: Sequence[Order], typed: set[int]
) -> tuple[set[int], dict[str, int], list[queries.Earlier], list[TypeRow]]:
    """Return the users, the guests' ids by email, the bookings made with the orders' keys, and the
    ticket types of the `typed` events.

    Guests take a statement of their own, which a batch without any does not run. The types come
    with the first statement.
    """
    by_user = {(o.user_id, o.idempotency_key) for o in orders if o.user_id is not None}
    by_guest = {(o.guest.email, o.idempotency_key) for o in orders if o.guest is not None}
    users: set[int] = set()
    earlier: list[queries.Earlier] = []
    types: list[TypeRow] = []
    if by_user:
        users, earlier, types = queries.earlier(session, by_user, typed)
        typed = set()
    if not by_guest:
        return users, {}, earlier, types
    known_guests, of_guests, more = guest_queries.earlier(session, by_guest, typed)
    return users, known_guests, earlier + of_guests, types + more


def _decide(batch: Batch, order: Order) -> str | UtsavamError:
    """Return the reference of the booking that answers the order, or the refusal.

    A repeated idempotency key is checked first: its booking stands, whatever has happened to the
    event since.
    """
    person = batch.person(order)
    key = (person, order.idempotency_key)
    if order.idempotency_key is not None and key in batch.by_key:
        reference, fingerprint = batch.by_key[key]
        return reference if fingerprint == order.fingerprint else IdempotencyKeyReused()
    voucher = None
    if batch.vouchers and order.code is not None:
        found = batch.vouchers.find(order, batch.at)
        if isinstance(found, VoucherRow):
            voucher = found
        else:
            return _unknown(batch, order, person) or found
    if refusal := _refusal(batch, order, person, voucher):
        return refusal
    if batch.vouchers and voucher:
        order = batch.vouchers.take(voucher, order)
    if voucher is None or voucher.hold_id is None:
        batch.left[order.event_id] -= order.seats
    pair = (order.event_id, person)
    batch.booked_by_user[pair] = batch.booked_by_user.get(pair, 0) + order.seats
    batch.by_key[key] = (order.reference, order.fingerprint)
    if types := batch.types.get(order.event_id):
        made = types.take(order)
        batch.accepted += made
        batch.together[order.reference] = [one.reference for one in made[1:]]
    else:
        batch.accepted.append(order)
    return order.reference


def _unknown(batch: Batch, order: Order, person: Person) -> UtsavamError | None:
    event = batch.events.get(order.event_id)
    if event is None or event.status == EventStatus.DRAFT:
        return EventNotFound(order.event_id)
    if order.guest is None and person not in batch.users:
        return UserNotFound(person)
    return None


def _refusal(
    batch: Batch, order: Order, person: Person, voucher: VoucherRow | None
) -> UtsavamError | None:
    if refusal := _unknown(batch, order, person):
        return refusal
    event = batch.events[order.event_id]
    left = batch.left[event.id]
    state = sale_state(event, left, batch.at)
    if state not in (_SELLING_A_HOLD if voucher and voucher.hold_id else _SELLING):
        return SalesClosed(event.id, state)
    booked_by_user = batch.booked_by_user.get((event.id, person), 0)
    if event.max_per_person is not None and booked_by_user + order.seats > event.max_per_person:
        held = None if order.guest else booked_by_user
        return OverPersonLimit(event.id, event.max_per_person, held, order.seats)
    if batch.vouchers and voucher:
        left = batch.vouchers.left(voucher, left)
    if refusal := _lack_of_seats(batch, order, left, voucher):
        return refusal
    return order_costs.risen(order, event, batch.types.get(event.id), voucher)


def _lack_of_seats(
    batch: Batch, order: Order, left: int, voucher: VoucherRow | None
) -> UtsavamError | None:
    """Why the order's ticket types, or the event as a whole, have no seats for it."""
    types = batch.types.get(order.event_id)
    if types and (refusal := types.refusal(order, left, batch.at, voucher)):
        return refusal
    if order.items and not types:
        return typed_orders.unknown_type(order)
    return NotEnoughSeats(order.event_id, order.seats, left) if order.seats > left else None


def _write(session: Session, batch: Batch, journal: bool) -> dict[str, Confirmed]:
    """Insert the accepted orders' bookings, and update the counters that they change."""
    rows = [batch.events[order.event_id] for order in batch.accepted]
    prices = [(row.price_minor, row.currency) for row in rows]
    taken = None
    if batch.types:
        prices = [
            (typed_orders.price_of(batch.types, order, minor), currency)
            for order, (minor, currency) in zip(batch.accepted, prices, strict=True)
        ]
        taken = {id: n for types in batch.types.values() for id, n in types.changed().items()}
    # Told only where there are some.
    more: dict[str, Any] = {}
    if batch.vouchers:
        prices = batch.vouchers.prices(batch.accepted, prices)
        more["vouchers"] = batch.vouchers.changed()
    if any(row.fee_minor or row.fee_basis_points for row in batch.events.values()):
        prices, more["fees"] = order_costs.with_fees(rows, prices)
    if any(row.payment_minutes for row in rows):
        batch.accepted = reservations.reserved(batch.accepted, prices, batch.events, batch.at)
    counters = {
        row.id: batch.left[row.id] for row in batch.events.values() if _is_counted(batch, row)
    }
    if any(order.guest for order in batch.accepted):
        return guest_queries.insert_bookings(
            session,
            batch.accepted,
            prices,
            counters,
            batch.at,
            known=batch.known_guests,
            journal=journal,
            taken=taken,
            **more,
        )
    return queries.insert_bookings(
        session, batch.accepted, prices, counters, batch.at, journal=journal, taken=taken, **more
    )


def _is_counted(batch: Batch, row: Row[Any]) -> bool:
    """Whether orders have changed the event's counters."""
    if batch.vouchers and row.id in batch.vouchers.drawn:
        return True
    changed: bool = batch.left[row.id] != row.seats_available
    return changed


def _snapshot(batch: Batch, row: Row[Any], started: float) -> SeatSnapshot:
    left = batch.left[row.id]
    version = row.version + _is_counted(batch, row)
    types = batch.types.get(row.id)
    return SeatSnapshot(
        *(row.id, left, version, row.incarnation, started),
        types.left(left) if types else {},
        _valid_until(batch.next_expiry_at(row), started, batch.at),
    )


def _answer(order: Order, verdict: str | UtsavamError, found: Found, batch: Batch) -> Outcome:
    if not isinstance(verdict, str):
        return verdict
    if verdict == order.reference and not batch.types:
        answer = found[verdict]
        return answer if isinstance(answer, UtsavamError) else Booked(answer)
    others = [found[reference] for reference in batch.together.get(verdict, ())]
    made: list[Confirmed] = []
    for one in (found[verdict], *others):
        if isinstance(one, UtsavamError):
            return one
        made.append(one)
    if types := batch.types.get(order.event_id):
        made = [types.named(one) for one in made]
    if verdict == order.reference:
        return Booked(made[0], others=tuple(made[1:]))
    # As confirmed the first time, even if some of its seats have been given back since.
    asked = {item.ticket_type_id: item.seats for item in order.items}
    first, *rest = [
        replace(one, seats=asked.get(one.ticket_type_id or 0, order.seats)) for one in made
    ]
    return Booked(first, replayed=True, others=tuple(rest))
