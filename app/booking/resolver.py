"""When COMMIT's answer was lost: find out what became of the bookings, or say it is unknown."""

import time
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking.orders import Order
from app.db import ledger_session
from app.errors import DatabaseDown, OutcomeUnknown, UtsavamError
from app.models import Booking, Event

ATTEMPTS = 5
PAUSE = 0.3
"""Seconds between attempts: five of them stay well inside the time a request may take."""


def resolve(orders: Iterable[Order]) -> dict[str, Booking | UtsavamError]:
    """The booking of each reference; `DatabaseDown` for one that was surely not committed."""
    orders = list(orders)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        try:
            return _look_up(orders)
        except (DBAPIError, TimeoutError):
            continue
    return {order.reference: OutcomeUnknown() for order in orders}


def _look_up(orders: list[Order]) -> dict[str, Booking | UtsavamError]:
    with ledger_session() as session:
        # The lock waits until the transaction in doubt has ended. Without it, a plain SELECT can
        # miss a commit that is still under way.
        session.execute(
            select(Event.id)
            .where(Event.id.in_({order.event_id for order in orders}))
            .order_by(Event.id)
            .with_for_update(key_share=True)
        ).all()
        query = select(Booking).where(Booking.reference.in_({o.reference for o in orders}))
        committed = {booking.reference: booking for booking in session.scalars(query)}
    return {o.reference: committed.get(o.reference, DatabaseDown()) for o in orders}
