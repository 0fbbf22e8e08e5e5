"""Every event's counter against its bookings, and its tokens against its counter."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy import Row, func, select

from app.booking.gate import SeatGate
from app.booking.orders import Look
from app.db import db
from app.models import Booking, BookingStatus, Event

AT_A_TIME = 2_000


@dataclass(frozen=True)
class Finding:
    """An event whose figures differ, or whose tokens were put right."""

    event_id: int
    name: str
    capacity: int
    seats_available: int
    seats_held: int
    seats_booked: int
    tokens: str | None
    """What Redis held; None when it held nothing, or is away."""

    @property
    def broken(self) -> bool:
        """The ledger itself is wrong: a seat was sold twice, or is lost."""
        counted = self.seats_available + self.seats_held + self.seats_booked
        return counted != self.capacity or min(self.seats_available, self.seats_held) < 0

    @property
    def stale(self) -> bool:
        """The tokens differ from the counter, as they may for a moment while seats are sold."""
        return self.tokens is not None and self.tokens != str(self.seats_available)


@dataclass(frozen=True)
class Reconciliation:
    events: int
    findings: Sequence[Finding]
    redis_answered: bool

    @property
    def broken(self) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.broken]


def reconcile(gate: SeatGate, *, repair: bool = True) -> Reconciliation:
    """Check all events, and publish the database's figure where tokens differ if `repair` is set.

    A broken ledger is told and left alone: which of its figures is right, only a person can say.
    """
    checked, findings, answered = 0, [], True
    for rows, looks in _batches():
        try:
            tokens = gate.tokens([row.id for row in rows])
        except redis.RedisError:
            tokens, answered = [None] * len(rows), False
        found = [_finding(row, held) for row, held in zip(rows, tokens, strict=True)]
        if repair:
            wrong = {finding.event_id for finding in found if finding.stale}
            gate.publish(look for look in looks if look.event_id in wrong)
        findings += [finding for finding in found if finding.broken or finding.stale]
        checked += len(rows)
    return Reconciliation(checked, findings, answered)


def _batches() -> Iterator[tuple[Sequence[Row[Any]], list[Look]]]:
    """Events by id. One statement reads a batch's counters and bookings: one snapshot of both."""
    last = 0
    while True:
        started = time.monotonic()
        rows = db.session.execute(_figures(last)).all()
        if not rows:
            return
        last = rows[-1].id
        yield (
            rows,
            [
                Look(row.id, row.seats_available, row.version, row.incarnation, started)
                for row in rows
            ],
        )


def _figures(after: int) -> Any:
    booked = (
        select(func.coalesce(func.sum(Booking.seats), 0))
        .where(Booking.event_id == Event.id, Booking.status == BookingStatus.CONFIRMED)
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
        )
        .where(Event.id > after, Event.deleted_at.is_(None))
        .order_by(Event.id)
        .limit(AT_A_TIME)
    )


def _finding(row: Row[Any], held: bytes | None) -> Finding:
    tokens = held.decode("utf-8", "replace") if held is not None else None
    return Finding(
        *(row.id, row.name, row.capacity, row.seats_available, row.seats_held, row.seats_booked),
        tokens,
    )
