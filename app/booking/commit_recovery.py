"""Recovery after a lost COMMIT reply: look the bookings up, or report the outcome as unknown."""

import time
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking import queries
from app.booking.connections import ledger_session
from app.booking.orders import Confirmed, Order
from app.errors import DatabaseDown, OutcomeUnknown, UtsavamError

GIVE_UP_AFTER = 2.5
"""Seconds. The request has already waited for COMMIT, and must end within ten seconds."""
RETRY_INTERVAL = 0.3


def resolve(orders: Iterable[Order]) -> dict[str, Confirmed | UtsavamError]:
    """Map each order's reference to its booking, or to the error that describes its outcome.

    `DatabaseDown` means that the booking was definitely not committed; `OutcomeUnknown`, that the
    database could not be asked within `GIVE_UP_AFTER` seconds.
    """
    orders = list(orders)
    give_up = time.monotonic() + GIVE_UP_AFTER
    while time.monotonic() < give_up:
        try:
            return _look_up(orders)
        except (DBAPIError, TimeoutError):
            time.sleep(RETRY_INTERVAL)
    return {order.reference: OutcomeUnknown() for order in orders}


def _look_up(orders: list[Order]) -> dict[str, Confirmed | UtsavamError]:
    with ledger_session() as session:
        # Locking the rows waits for the in-doubt transaction to end. Without the lock, a plain
        # SELECT could miss a commit that is still in progress.
        queries.lock_rows(session, {order.event_id for order in orders})
        committed = queries.confirmed_by_reference(session, [o.reference for o in orders])
        # Where a standby is waited for, this waits until it has what was found, too.
        session.commit()
    return {o.reference: committed.get(o.reference, DatabaseDown()) for o in orders}
