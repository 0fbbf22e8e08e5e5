"""Counting the uses of vouchers beside orders, whose uses the ledger counts.

One use is one order. It ends when none of the order's bookings takes seats any more, whoever has
them by then: `bookings.voucher_order` tells them. The event's row lock guards its vouchers: call
these within `BookingDesk.changing` only, or where it is held.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, String, func, literal_column, select, update
from sqlalchemy.orm import Session, aliased

from app.booking.arrays import rows_of
from app.models import Booking, Voucher
from app.models.booking import takes_seats

_ENDED = rows_of(voucher=BigInteger, of_order=String)
_OTHER = aliased(Booking)
_UNUSED = (
    select(_ENDED.c.voucher, func.count(_ENDED.c.of_order.distinct()).label("uses"))
    .where(
        ~select(_OTHER.id)
        .where(
            _OTHER.voucher_id == _ENDED.c.voucher,
            _OTHER.voucher_order == _ENDED.c.of_order,
            # So that the index of bookings that take seats, which has all events', is not used.
            takes_seats(_OTHER.status).is_(True),
        )
        # Order by order: a join might read the whole table, and keep doing so as it grows.
        .offset(literal_column("0"))
        .exists()
    )
    .group_by(_ENDED.c.voucher)
    .subquery()
)
_GIVE_BACK = (
    update(Voucher)
    .where(Voucher.id == _UNUSED.c.voucher)
    .values(used=Voucher.used - _UNUSED.c.uses)
    .execution_options(synchronize_session=False)
)


def give_back(session: Session, orders: Iterable[tuple[int, str]]) -> None:
    """Give back the uses of the orders of which no seat is taken any more.

    `orders` are the vouchers and the orders of bookings whose seats have just been given back.
    """
    ended = list(orders)
    if ended:
        vouchers, references = zip(*ended, strict=True)
        session.execute(
            _GIVE_BACK, {"given_voucher": list(vouchers), "given_of_order": list(references)}
        )


def take_anew(session: Session, bookings: Sequence[Booking]) -> bool:
    """Count the uses of orders whose seats are taken anew; False, and nothing, if one has none
    left."""
    wanted = {(b.voucher_id, b.voucher_order) for b in bookings if b.voucher_id is not None}
    for voucher_id, order in sorted(wanted, key=str):
        still = select(Booking.id).where(
            Booking.voucher_id == voucher_id, Booking.voucher_order == order, Booking.takes_seats
        )
        if session.scalars(still.limit(1)).first() is not None:
            continue
        voucher = session.get_one(Voucher, voucher_id, populate_existing=True)
        if voucher.used >= voucher.max_uses:
            return False
        voucher.used += 1
    return True


def release_all(session: Session, event_id: int) -> None:
    """Count nothing as used, once every booking of the event is cancelled."""
    _change(session, Voucher.event_id == event_id, used=0)


def withdraw_of_hold(session: Session, hold_ids: Any) -> None:
    """Withdraw the vouchers that draw on holds which end: they would take seats on sale else."""
    _change(session, Voucher.hold_id.in_(hold_ids), withdrawn=True)


def _change(session: Session, which: Any, **facts: Any) -> None:
    changing = update(Voucher).where(which).values(**facts)
    session.execute(changing.execution_options(synchronize_session="fetch"))
