"""Reservations: seats that wait for their payment, until it comes or their time is over.

A reserved booking takes its seats as a confirmed one does. Making it, and ending it, change the
event's counters and need the event's row lock. Confirming it changes no counter and needs the
booking's row alone: confirming and expiring are one conditional update each, so that whichever
comes second finds the booking changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    Row,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.booking import vouchers
from app.booking.arrays import one_of, rows_of
from app.booking.orders import Order
from app.models import Booking, BookingStatus, Event, Happened, JournalEntry, TicketType

MAX_EXPIRED = 500
"""Most reservations that one transaction ends: whoever books meanwhile waits for it."""

_EVENTS = cast("Table", Event.__table__)
_BOOKINGS = cast("Table", Booking.__table__)
_TYPES = cast("Table", TicketType.__table__)
_EVENT, _BOOKING, _TYPE = _EVENTS.c, _BOOKINGS.c, _TYPES.c
_AT = bindparam("at", type_=DateTime(timezone=True))
# As a literal, by which the partial index is found.
_IS_RESERVED = _BOOKING.status == literal_column(f"'{BookingStatus.RESERVED}'")


class Expired(NamedTuple):
    """A reservation whose seats are on sale again."""

    id: int
    event_id: int
    ticket_type_id: int | None
    seats: int
    voucher_id: int | None
    voucher_order: str | None


# The parts of an order end at the same moment, and whoever confirms them locks them by their ids.
# A row that was confirmed while this waited for it is left out.
_DUE = (
    select(_BOOKING.id)
    .where(
        _BOOKING.event_id == one_of("ids", BigInteger), _IS_RESERVED, _BOOKING.reserved_until <= _AT
    )
    .order_by(_BOOKING.reserved_until, _BOOKING.id)
    .limit(literal_column(str(MAX_EXPIRED)))
    .with_for_update(key_share=True)
    .cte("due")
)
_EXPIRE = (
    update(_BOOKINGS)
    .where(_BOOKING.id == any_(func.array(select(_DUE.c.id).scalar_subquery())))
    .values(status=BookingStatus.EXPIRED.value)
    .returning(*(_BOOKING[name] for name in Expired._fields))
)
_TOGETHER = (
    select(_BOOKING.id, _BOOKING.status)
    .where(_BOOKING.id == one_of("ids", BigInteger))
    .order_by(_BOOKING.id)
    .with_for_update(key_share=True)
)
_CONFIRM = (
    update(_BOOKINGS)
    .where(_BOOKING.id == one_of("ids", BigInteger))
    .values(status=BookingStatus.CONFIRMED.value, reserved_until=None, created_at=_AT, paid_at=_AT)
)
_BACK = rows_of(back_id=BigInteger, seats=Integer)
_NEXT = (
    select(func.min(_BOOKING.reserved_until))
    .where(_BOOKING.event_id == _EVENT.id, _IS_RESERVED)
    .scalar_subquery()
)
_PUT_BACK = (
    update(_EVENTS)
    .where(_EVENT.id == _BACK.c.back_id)
    .values(
        seats_available=_EVENT.seats_available + _BACK.c.seats,
        version=_EVENT.version + 1,
        next_expiry_at=_NEXT,
    )
)
_BY_TYPE = rows_of(of_event=BigInteger, of_type=BigInteger, seats=Integer)
# A booking without a type is of the default one, as others may be that name it.
_COUNTED = (
    select(_TYPE.id, func.sum(_BY_TYPE.c.seats).label("seats"))
    .where(
        _TYPE.event_id == _BY_TYPE.c.of_event,
        (_TYPE.id == _BY_TYPE.c.of_type) | (_BY_TYPE.c.of_type.is_(None) & _TYPE.is_default),
    )
    .group_by(_TYPE.id)
    .subquery()
)
_UNCOUNT = (
    update(_TYPES).where(_TYPE.id == _COUNTED.c.id).values(taken=_TYPE.taken - _COUNTED.c.seats)
)


def expire(
    session: Session, event_ids: Iterable[int], at: datetime, *, journal: bool
) -> list[Expired]:
    """End the events' reservations that were to be paid by `at`, and put their seats on sale.

    The caller holds the events' row locks. Ends `MAX_EXPIRED` at most, those that ended first. With
    `journal`, an entry tells of them.
    """
    ids = list(event_ids)
    expired = [Expired(*row) for row in session.execute(_EXPIRE, {"ids": ids, "at": at})]
    _put_back(session, ids, expired)
    used = [(e.voucher_id, e.voucher_order) for e in expired if e.voucher_id and e.voucher_order]
    vouchers.give_back(session, used)
    if journal and expired:
        entry = {"kind": Happened.EXPIRED.value, "booking_ids": [one.id for one in expired]}
        session.execute(insert(JournalEntry), [entry])
    return expired


def confirm(session: Session, booking_ids: Iterable[int], at: datetime) -> bool:
    """Confirm bookings that were made together and are paid now; return whether that was done.

    They are confirmed also past their deadline, as long as nobody has ended them; nothing is done
    unless all of them are reserved.
    """
    ids = list(booking_ids)
    found = session.execute(_TOGETHER, {"ids": ids}).all()
    if any(row.status != BookingStatus.RESERVED.value for row in found):
        return False
    session.execute(_CONFIRM, {"ids": ids, "at": at})
    return True


def _put_back(session: Session, ids: Sequence[int], expired: Iterable[Expired]) -> None:
    seats = dict.fromkeys(ids, 0)
    by_type: dict[tuple[int, int | None], int] = {}
    for one in expired:
        seats[one.event_id] += one.seats
        kind = one.event_id, one.ticket_type_id
        by_type[kind] = by_type.get(kind, 0) + one.seats
    if by_type:
        of_events, of_types = zip(*by_type, strict=True)
        given = {"given_of_event": list(of_events), "given_of_type": list(of_types)}
        session.execute(_UNCOUNT, given | {"given_seats": list(by_type.values())})
    given_back = {"given_back_id": list(seats), "given_seats": list(seats.values())}
    session.execute(_PUT_BACK, given_back)


def reserved(
    orders: Sequence[Order],
    prices: Sequence[tuple[int, str]],
    events: Mapping[int, Row[Any]],
    at: datetime,
) -> list[Order]:
    """The orders, of which those that cost something and are to be paid first are reserved.

    The parts of an order of several ticket types are paid together, so all of them wait. `prices`
    has the price of a seat, and its currency, for each order.
    """
    costs: dict[str, int] = {}
    for order, (minor, _currency) in zip(orders, prices, strict=True):
        together = order.order_reference or order.reference
        costs[together] = costs.get(together, 0) + minor * order.seats

    def until(order: Order) -> datetime | None:
        minutes = events[order.event_id].payment_minutes
        costs_something = costs[order.order_reference or order.reference] > 0
        return at + timedelta(minutes=minutes) if minutes and costs_something else None

    return [replace(order, reserved_until=until(order)) for order in orders]
