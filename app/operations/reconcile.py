"""Check each event's seat counter against its bookings, its tokens against the counter, and its
money against its seats."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy import Row, and_, case, func, literal_column, or_, select

from app.booking.gate import SeatGate
from app.booking.orders import SeatSnapshot
from app.db import db
from app.models import Booking, BookingStatus, Event, Hold, TicketType, Voucher
from app.operations.money_checks import MoneyFaults, money_faults

BATCH = 2_000


@dataclass(frozen=True)
class Finding:
    """An event whose figures or tokens differ."""

    event_id: int
    name: str
    capacity: int
    seats_available: int
    seats_held: int
    seats_booked: int
    seats_named: int
    """Of those held back, the seats of named holds."""
    miscounted_types: int
    """Ticket types that count other seats as taken than their bookings have."""
    miscounted_vouchers: int
    """Vouchers that count other uses than orders take seats with them."""
    unforeseen: int
    """Reservations that end before the event's row says that any does: nobody would end them."""
    tokens: str | None
    """The tokens in Redis; None when there were none, or Redis is down."""
    money: MoneyFaults

    @property
    def broken(self) -> bool:
        """Whether the ledger is wrong: a seat was sold twice, is lost, is held in two holds, is
        counted in the wrong ticket type or waits for a payment for ever, a voucher's use is
        miscounted, or money came for nothing."""
        counted = self.seats_available + self.seats_held + self.seats_booked
        held_twice = self.seats_named > self.seats_held
        lacking = min(self.seats_available, self.seats_held) < 0
        others = (self.miscounted_types, self.miscounted_vouchers, self.unforeseen)
        return counted != self.capacity or lacking or held_twice or any(others) or self.money.broken

    @property
    def stale(self) -> bool:
        """Whether the tokens differ from the counter, as they may briefly while seats are sold."""
        return self.tokens is not None and self.tokens != str(self.seats_available)


@dataclass(frozen=True)
class Reconciliation:
    events: int
    findings: Sequence[Finding]
    redis_answered: bool
    last: int | None = None
    """The `after` of the next call, or None when all events were checked."""

    @property
    def broken(self) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.broken]


def reconcile(gate: SeatGate, *, repair: bool = True) -> Reconciliation:
    """Check all events; with `repair`, publish the counter where the tokens differ.

    A broken ledger is reported and not repaired: only a person can tell which figure is right.
    """
    findings: list[Finding] = []
    checked, answered, last = 0, True, 0
    while True:
        step = reconcile_some(gate, after=last, repair=repair)
        checked, answered = checked + step.events, answered and step.redis_answered
        findings += step.findings
        if step.last is None:
            return Reconciliation(checked, findings, answered)
        last = step.last


def reconcile_some(
    gate: SeatGate, *, after: int = 0, repair: bool = True, most: int = BATCH
) -> Reconciliation:
    """Check the next `most` events by id, after the id `after`."""
    started = time.monotonic()
    # One statement, so that counters and bookings are read from one snapshot.
    rows = db.session.execute(_figures(after, most)).all()
    answered = True
    try:
        tokens = gate.tokens([row.id for row in rows]) if rows else []
    except redis.RedisError:
        tokens, answered = [None] * len(rows), False
    money = money_faults(rows[0].id, rows[-1].id) if rows else {}
    found = [
        _finding(row, held, money.get(row.id, MoneyFaults()))
        for row, held in zip(rows, tokens, strict=True)
    ]
    if repair:
        gate.publish(
            SeatSnapshot(
                *(row.id, row.seats_available, row.version, row.incarnation, started),
                # For others to see. It refuses nothing here: when reservations end is not read.
                until=started,
            )
            for row, finding in zip(rows, found, strict=True)
            if finding.stale
        )
    last = rows[-1].id if len(rows) == most else None
    findings = [one for one in found if one.broken or one.stale or one.money.stuck]
    return Reconciliation(len(rows), findings, answered, last)


def count_events() -> int:
    """The number of events to check."""
    count: int = (
        db.session.scalar(select(func.count(Event.id)).where(Event.deleted_at.is_(None))) or 0
    )
    return count


def _figures(after: int, most: int) -> Any:
    booked = (
        select(func.coalesce(func.sum(Booking.seats), 0))
        .where(Booking.event_id == Event.id, Booking.takes_seats)
        .scalar_subquery()
    )
    named = (
        select(func.coalesce(func.sum(Hold.seats_left), 0))
        .where(Hold.event_id == Event.id)
        .scalar_subquery()
    )
    of_type = or_(
        Booking.ticket_type_id == TicketType.id,
        and_(Booking.ticket_type_id.is_(None), TicketType.is_default),
    )
    sold = (
        select(func.coalesce(func.sum(Booking.seats), 0))
        .where(Booking.event_id == TicketType.event_id, of_type, Booking.takes_seats)
        .scalar_subquery()
    )
    miscounted = (
        select(func.count())
        .where(TicketType.event_id == Event.id, TicketType.taken != sold)
        .scalar_subquery()
    )
    orders = (
        select(func.count(Booking.voucher_order.distinct()))
        .where(Booking.voucher_id == Voucher.id, Booking.takes_seats)
        .scalar_subquery()
    )
    misused = (
        select(func.count())
        .where(Voucher.event_id == Event.id, Voucher.used != orders)
        .scalar_subquery()
    )
    unforeseen = (
        select(func.count())
        .where(
            Booking.event_id == Event.id,
            # As a literal, by which the partial index is found.
            Booking.status == literal_column(f"'{BookingStatus.RESERVED}'"),
            Booking.reserved_until
            < func.coalesce(Event.next_expiry_at, literal_column("'infinity'")),
        )
        .scalar_subquery()
    )
    return (
        select(
            Event.id,
            Event.name,
            Event.capacity,
            Event.seats_available,
            Event.seats_held,
            Event.version,
            Event.incarnation,
            booked.label("seats_booked"),
            named.label("seats_named"),
            # The types are looked at only where there are some.
            case((Event.has_types, miscounted), else_=0).label("miscounted_types"),
            misused.label("miscounted_vouchers"),
            unforeseen.label("unforeseen"),
        )
        .where(Event.id > after, Event.deleted_at.is_(None))
        .order_by(Event.id)
        .limit(most)
    )


def _finding(row: Row[Any], held: bytes | None, money: MoneyFaults) -> Finding:
    tokens = held.decode("utf-8", "replace") if held is not None else None
    return Finding(
        *(row.id, row.name, row.capacity, row.seats_available, row.seats_held, row.seats_booked),
        *(row.seats_named, row.miscounted_types, row.miscounted_vouchers, row.unforeseen),
        *(tokens, money),
    )
