"""When COMMIT's answer was lost: find out what became of the bookings, or say it is unknown."""

import time
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking import queries
from app.booking.connections import ledger_session
from app.booking.orders import Confirmed, Order
from app.errors import DatabaseDown, OutcomeUnknown, UtsavamError

GIVE_UP_AFTER = 2.5
"""Seconds; the request has waited for COMMIT before, and is to end within ten."""
PAUSE = 0.3


def resolve(orders: Iterable[Order]) -> dict[str, Confirmed | UtsavamError]:
    """The booking of each reference; `DatabaseDown` for one that was surely not committed."""
    orders = list(orders)
    give_up = time.monotonic() + GIVE_UP_AFTER
    while time.monotonic() < give_up:
        try:
            return _look_up(orders)
        except (DBAPIError, TimeoutError):
            time.sleep(PAUSE)
    return {order.reference: OutcomeUnknown() for order in orders}


def _look_up(orders: list[Order]) -> dict[str, Confirmed | UtsavamError]:
    with ledger_session() as session:
        # The lock waits until the transaction in doubt has ended. Without it, a plain SELECT can
        # miss a commit that is still under way.
        queries.lock_rows(session, {order.event_id for order in orders})
        committed = queries.confirmed_by_reference(session, [o.reference for o in orders])
    return {o.reference: committed.get(o.reference, DatabaseDown()) for o in orders}
