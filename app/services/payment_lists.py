"""Lists of payments for staff: orders that wait for one, payments that came, money owed back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.db import db
from app.lib.money import NotAnAmount, parse_money
from app.models import (
    Booking,
    BookingStatus,
    Event,
    Gift,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from app.models.columns import now
from app.models.staff_scope import within
from app.services import booking_matches
from app.services.events import get_event
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor
from app.services.paid_orders import WAITING, PaidOrder

ORDER: ColumnElement[str] = func.coalesce(Booking.order_reference, Booking.reference, type_=String)
"""The reference of a booking's order."""


class OrderToCome(NamedTuple):
    """An order that waits for its payment, or whose time is over."""

    order: PaidOrder
    """Its bookings that wait; each with its user."""
    reference: str
    bank_reference: str | None
    """As its buyer gave it."""

    @property
    def booking(self) -> Booking:
        return self.order.first


def list_to_come(
    event_id: int, *, q: str = "", limit: int = 50, after: str | None = None
) -> Page[OrderToCome]:
    """The event's orders that wait for a payment, oldest first.

    Those whose time is over are among them if their buyer has given a bank reference. `q` finds
    them by guest, reference, bank reference or amount, and all whose time is over. Raises
    `EventNotFound`, and `InvalidField` for a bad cursor.
    """
    event = get_event(event_id, drafts=True)
    last = func.max(Booking.id)
    wanted = (
        select(ORDER.label("reference"), last.label("last"))
        .select_from(Booking)
        .join(Booking.user)
        .join(Booking.event)
        .where(Booking.event_id == event_id, Booking.status.in_(WAITING), _matches(event, q))
        .group_by(ORDER)
        .order_by(last)
    )
    if after:
        wanted = wanted.having(last > decode_id_cursor(after))
    rows, more = cut(db.session.execute(wanted.limit(limit + 1)).all(), limit)
    items = orders_waiting(event_id, [row.reference for row in rows])
    return Page(items, encode_cursor(rows[-1].last) if more else None)


def orders_waiting(event_id: int, references: Sequence[str]) -> list[OrderToCome]:
    """What waits of the orders with these references, in this order."""
    query = (
        select(Booking)
        .where(Booking.event_id == event_id, Booking.status.in_(WAITING))
        .where(ORDER.in_(list(references)))
        .options(joinedload(Booking.user), joinedload(Booking.event))
        .order_by(Booking.id)
    )
    bookings: dict[str, list[Booking]] = {}
    for booking in db.session.scalars(query):
        bookings.setdefault(booking.order_reference or booking.reference, []).append(booking)
    claimed = _claims(event_id, Booking.reference, Payment.bank_reference)
    claimed = claimed.where(Booking.reference.in_(list(bookings))).order_by(Payment.id)
    claims: dict[str, str] = {row[0]: row[1] for row in db.session.execute(claimed)}
    return [
        OrderToCome(PaidOrder(bookings[one]), one, claims.get(one))
        for one in references
        if one in bookings
    ]


def list_received(event_id: int, *, limit: int = 50, after: str | None = None) -> Page[Payment]:
    """The event's payments that have come, newest first, each with booking, user and refunds.

    Raises `EventNotFound`, and `InvalidField` for a bad cursor.
    """
    get_event(event_id, drafts=True)
    wanted = _payments().where(
        Booking.event_id == event_id, Payment.state == PaymentState.PAID.value
    )
    if after:
        wanted = wanted.where(Payment.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(wanted.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def get_payment(payment_id: int) -> Payment:
    """A payment that there is, with its booking and refunds, read anew."""
    query = _payments().where(Payment.id == payment_id)
    found: Payment = db.session.scalars(query.execution_options(populate_existing=True)).one()
    return found


def payments_of(booking: Booking) -> Sequence[Payment]:
    """The payments of the booking's order, announced ones too, newest first."""
    reference = booking.order_reference or booking.reference
    return db.session.scalars(_payments().where(Booking.reference == reference)).all()


def list_refunds(
    *,
    event_id: int | None = None,
    state: RefundState = RefundState.OWED,
    limit: int = 50,
    after: str | None = None,
) -> Page[Refund]:
    """Money owed back or, as `state` says, paid back, newest first, with booking, event and user.

    Raises `InvalidField` for a bad cursor.
    """
    wanted = _of_refunds(select(Refund), event_id, state).options(
        contains_eager(Refund.payment)
        .contains_eager(Payment.booking)
        .options(joinedload(Booking.user), joinedload(Booking.event))
    )
    wanted = wanted.order_by(Refund.id.desc())
    if after:
        wanted = wanted.where(Refund.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(wanted.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def refunds_of(booking: Booking) -> Sequence[Refund]:
    """What its buyer gets back, or got: for the booking, or of a payment that brought no seats.

    Nothing of a seat that a friend gave, who paid it.
    """
    of_order = Booking.reference == (booking.order_reference or booking.reference)
    whole = and_(Refund.booking_id.is_(None), of_order)
    query = (
        select(Refund)
        .join(Refund.payment)
        .join(Payment.booking)
        .where(or_(Refund.booking_id == booking.id, whole))
        .where(~select(Gift.booking_id).where(Gift.booking_id == booking.id).exists())
        .order_by(Refund.id)
    )
    return db.session.scalars(query).all()


def refunds_by_currency(
    *, event_id: int | None = None, state: RefundState = RefundState.OWED
) -> dict[str, int]:
    """The sums of `list_refunds`, in smallest units."""
    total = func.sum(Refund.amount_minor)
    wanted = _of_refunds(select(Refund.id), event_id, state)
    summed = wanted.with_only_columns(Refund.currency, total).group_by(Refund.currency)
    rows = db.session.execute(summed.order_by(Refund.currency))
    return {currency: int(amount) for currency, amount in rows}


def sent_from(event_id: int) -> datetime | None:
    """When payment providers begin to pay back what is owed for the event, if they wait still."""
    wanted = _of_refunds(select(func.min(Refund.try_at)), event_id, RefundState.OWED)
    wanted = wanted.where(Refund.tries == 0, Refund.try_at > now())
    found: datetime | None = db.session.scalar(wanted)
    return found


def _matches(event: Event, q: str) -> ColumnElement[bool]:
    claimed = ORDER.in_(_claims(event.id, Booking.reference))
    if not q:
        return or_(Booking.status == BookingStatus.RESERVED.value, claimed)
    number = "".join(q.split()).upper()
    found: list[ColumnElement[bool]] = [
        ORDER.in_(
            _claims(event.id, Booking.reference).where(
                Payment.bank_reference.startswith(number, autoescape=True)
            )
        )
    ]
    try:
        amount = parse_money(q, event.currency)
    except NotAnAmount:
        found.append(and_(*booking_matches.conditions(q.split(), event.id)))
    else:
        found.append(ORDER.in_(_costing(event.id, amount)))
    return or_(*found)


def _costing(event_id: int, amount: int) -> Select[Any]:
    """The references of orders that have this to pay."""
    cost = cast(func.sum(cast(Booking.seats, BigInteger) * Booking.price_minor), BigInteger)
    waiting = select(ORDER).where(Booking.event_id == event_id, Booking.status.in_(WAITING))
    return waiting.group_by(ORDER).having(cost == amount)


def _claims(event_id: int, *columns: Any) -> Select[Any]:
    """Of the event's payments that were announced and have not come."""
    return (
        select(*columns)
        .select_from(Booking)
        .join(Payment, Payment.booking_id == Booking.id)
        .where(
            Booking.event_id == event_id,
            Payment.state == PaymentState.PENDING.value,
            Payment.bank_reference.is_not(None),
        )
    )


def _payments() -> Select[Any]:
    return (
        select(Payment)
        .join(Payment.booking)
        .where(within(Booking.event_id))
        .options(
            contains_eager(Payment.booking).options(
                joinedload(Booking.user), joinedload(Booking.event)
            ),
            selectinload(Payment.refunds),
            selectinload(Payment.kept_amounts),
        )
        .order_by(Payment.id.desc())
    )


def _of_refunds(wanted: Select[Any], event_id: int | None, state: RefundState) -> Select[Any]:
    wanted = wanted.join(Refund.payment).join(Payment.booking)
    wanted = wanted.where(within(Booking.event_id), Refund.state == state.value)
    return wanted if event_id is None else wanted.where(Booking.event_id == event_id)
