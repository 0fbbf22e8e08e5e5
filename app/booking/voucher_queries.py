"""The ledger's SQL for batches in which an order has a voucher's code.

Only such a batch reads vouchers, in one statement after the lock, and writes their counts with its
bookings.
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import BigInteger, Integer, String, Table, func, literal_column, select, update
from sqlalchemy.orm import Session

from app.booking.arrays import rows_of
from app.booking.voucher_orders import VoucherCounts, VoucherRow
from app.models import Hold, User, Voucher

_VOUCHERS = cast("Table", Voucher.__table__)
_HOLDS = cast("Table", Hold.__table__)
_USERS = cast("Table", User.__table__)
_VOUCHER, _HOLD = _VOUCHERS.c, _HOLDS.c

BY_VOUCHER = {"voucher_id": BigInteger, "voucher_order": String}
"""Further columns of bookings in a batch with vouchers."""

_ASKED = rows_of(at_event=BigInteger, code_key=String)
_OWNER = (
    select(_USERS.c.id)
    .where(func.lower(_USERS.c.email) == _VOUCHER.email, _USERS.c.deleted_at.is_(None))
    .scalar_subquery()
)
_HOLD_LEFT = select(_HOLD.seats_left).where(_HOLD.id == _VOUCHER.hold_id).scalar_subquery()
_FACTS = {**_VOUCHER, "owner_id": _OWNER, "hold_left": _HOLD_LEFT}
# Code by code: a join might read the whole table for all of them, and keep doing so as it grows.
_FOUND = (
    select(*(_FACTS[name].label(name) for name in VoucherRow.__slots__))
    .where(_VOUCHER.event_id == _ASKED.c.at_event, _VOUCHER.code_key == _ASKED.c.code_key)
    .offset(literal_column("0"))
    .correlate(_ASKED)
    .lateral("found")
)
_READ = select(*_FOUND.c).select_from(_ASKED).join(_FOUND, literal_column("true"))

_USES = rows_of(voucher=BigInteger, used=Integer)
_DRAWN = rows_of(hold=BigInteger, seats_left=Integer)


def counting() -> tuple[Any, ...]:
    """The writes of the new counts, for the statement that inserts the bookings."""
    used = update(_VOUCHERS).where(_VOUCHER.id == _USES.c.voucher).values(used=_USES.c.used)
    drawn = update(_HOLDS).where(_HOLD.id == _DRAWN.c.hold).values(seats_left=_DRAWN.c.seats_left)
    return used.cte("vouchers_counted"), drawn.cte("holds_counted")


def read(session: Session, codes: Iterable[tuple[int, str]]) -> list[VoucherRow]:
    """Return the vouchers with these codes, by (event, key), of events whose rows are locked."""
    event_ids, keys = zip(*codes, strict=True)
    given = {"given_at_event": list(event_ids), "given_code_key": list(keys)}
    return [VoucherRow(*row) for row in session.execute(_READ, given)]


def parameters(counts: VoucherCounts) -> dict[str, Any]:
    """The new counts, for `counting`."""
    return {
        "given_voucher": list(counts.used),
        "given_used": list(counts.used.values()),
        "given_hold": list(counts.holds),
        "given_seats_left": list(counts.holds.values()),
    }
