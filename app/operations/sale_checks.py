"""Consistency checks of the events on sale, for the exporter's metrics."""

import time
from collections.abc import Set as AbstractSet

from sqlalchemy import func, or_, select, text

from app.booking.gate import SeatGate
from app.db import db
from app.models import Booking, Event, EventStatus, Hold
from app.models.columns import now
from app.models.event import SaleState, sale_state

MAX_EVENTS = 500
"""Maximum number of events checked: those that start soonest."""
SELLING = {SaleState.OPEN, SaleState.SOLD_OUT}
STATEMENT_TIMEOUT_MS = 2_000
RECHECK_AFTER = 0.5
"""Seconds within which tokens follow a sale."""

Difference = tuple[int, int, bytes]
"""Event id, counter, tokens."""


def seats_on_sale() -> dict[int, int]:
    """Seats available by event id, of at most `MAX_EVENTS` events on sale."""
    at = now()
    query = (
        select(
            Event.id,
            Event.seats_available,
            Event.status,
            Event.start_at,
            Event.end_at,
            Event.sales_open_at,
            Event.sales_close_at,
            Event.sales_paused,
        )
        .where(
            Event.deleted_at.is_(None),
            Event.are_to_come(at),
            Event.status == EventStatus.PUBLISHED,
        )
        .order_by(Event.start_at, Event.id)
        .limit(MAX_EVENTS)
    )
    rows = db.session.execute(query).all()
    db.session.rollback()  # so that the next query sees later commits
    return {
        row.id: row.seats_available
        for row in rows
        if sale_state(row, row.seats_available, at) in SELLING
    }


def tokens_that_differ(gate: SeatGate) -> int:
    """How many events on sale have tokens that differ from their counter in two checks in a row.

    While seats are sold, the two can't be read atomically. Events without tokens are not counted:
    the next booking sets them. Raises `redis.RedisError`.
    """
    first = _differences(gate)
    if not first:
        return 0
    time.sleep(RECHECK_AFTER)
    return len(first & _differences(gate))


def seats_that_differ() -> int:
    """How many events on sale have a broken ledger, as `Finding.broken` says; `flask reconcile`
    lists them.

    Raises `OperationalError` when counting the bookings takes longer than `STATEMENT_TIMEOUT_MS`.
    """
    events = list(seats_on_sale())
    booked = (
        select(Booking.event_id, func.sum(Booking.seats).label("seats"))
        .where(Booking.event_id.in_(events), Booking.takes_seats)
        .group_by(Booking.event_id)
        .subquery()
    )
    named = (
        select(func.coalesce(func.sum(Hold.seats_left), 0))
        .where(Hold.event_id == Event.id)
        .scalar_subquery()
    )
    counted = Event.seats_available + Event.seats_held + func.coalesce(booked.c.seats, 0)
    query = (
        select(func.count())
        .select_from(Event)
        .outerjoin(booked, booked.c.event_id == Event.id)
        .where(Event.id.in_(events), or_(counted != Event.capacity, named > Event.seats_held))
    )
    db.session.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
    return db.session.scalar(query) or 0


def _differences(gate: SeatGate) -> AbstractSet[Difference]:
    seats = seats_on_sale()
    tokens = gate.tokens(list(seats)) if seats else []
    return {
        (event_id, left, held)
        for (event_id, left), held in zip(seats.items(), tokens, strict=True)
        if held is not None and held != str(left).encode()
    }
