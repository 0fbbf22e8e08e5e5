"""Receipts and credit notes that were issued: of a booking's order, of an event, of a month."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.db import db
from app.errors import ReceiptNotFound
from app.models import Booking, Gift, Payment, PaymentState, Receipt, Refund, RefundState
from app.models.staff_scope import within
from app.services import receipt_issuing
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor

UTC = ZoneInfo("UTC")
BATCH = 500
"""Rows of an export that are read at once."""


@dataclass(frozen=True)
class ReceiptQuery:
    """Which receipts: of all time and events, unless they are limited."""

    month: date | None = None
    """Its first day; months begin by `zone`."""
    zone: ZoneInfo = UTC
    event_id: int | None = None


class Month(NamedTuple):
    """What was issued in a month, in one currency."""

    first_day: date
    currency: str
    receipts: int
    credit_notes: int
    amount_minor: int
    """Of the receipts, less that of the credit notes; the tax, too."""
    tax_minor: int


def receipts_of(booking: Booking) -> Sequence[Receipt]:
    """The receipt of the booking's order and its credit notes, issued now if they are awaited.

    They belong to whoever paid: there is none of a seat that a friend gave, nor of a booking that
    was moved to another person since.
    """
    payment_ids = _payments_of(booking)
    receipt_issuing.issue_for(_awaiting(payment_ids))
    mine = Receipt.payment_id.in_(payment_ids), Receipt.user_id == booking.user_id
    return db.session.scalars(select(Receipt).where(*mine).order_by(Receipt.id)).all()


def has_receipt(booking: Booking) -> bool:
    """Whether `receipts_of` would find any."""
    payment_ids = _payments_of(booking)
    if not payment_ids:
        return False
    issued = select(Receipt.user_id).where(Receipt.payment_id.in_(payment_ids))
    return bool(_awaiting(payment_ids)) or booking.user_id in db.session.scalars(issued).all()


def get_receipt(receipt_id: int) -> Receipt:
    """A receipt, for staff. Raises `ReceiptNotFound`."""
    query = select(Receipt).where(Receipt.id == receipt_id, within(Receipt.event_id))
    receipt = db.session.scalars(query).one_or_none()
    if receipt is None:
        raise ReceiptNotFound(receipt_id)
    return receipt


def receipt_of_booking(booking: Booking, receipt_id: int) -> Receipt:
    """One of `receipts_of`. Raises `ReceiptNotFound`."""
    for receipt in receipts_of(booking):
        if receipt.id == receipt_id:
            return receipt
    raise ReceiptNotFound(receipt_id)


def of_payments(payment_ids: Sequence[int]) -> dict[int, list[Receipt]]:
    """What was issued of these payments, by payment."""
    query = select(Receipt).where(Receipt.payment_id.in_(payment_ids)).order_by(Receipt.id)
    found: dict[int, list[Receipt]] = {}
    for receipt in db.session.scalars(query):
        found.setdefault(receipt.payment_id, []).append(receipt)
    return found


def issued_to(user_id: int) -> Sequence[Receipt]:
    """All that was issued to a person."""
    query = select(Receipt).where(Receipt.user_id == user_id)
    return db.session.scalars(query.order_by(Receipt.id)).all()


def list_receipts(
    query: ReceiptQuery, *, limit: int = 50, after: str | None = None
) -> Page[Receipt]:
    """Receipts and credit notes in the sequence in which they were issued.

    Raises `InvalidField` for a bad cursor.
    """
    wanted = _matching(select(Receipt), query).order_by(Receipt.id)
    if after:
        wanted = wanted.where(Receipt.id > decode_id_cursor(after))
    items, more = cut(db.session.scalars(wanted.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def count_receipts(query: ReceiptQuery) -> int:
    count: int = db.session.scalars(_matching(select(func.count(Receipt.id)), query)).one()
    return count


def iterate_receipts(query: ReceiptQuery) -> Iterator[Receipt]:
    """All of `list_receipts`, read some at a time."""
    after: str | None = None
    while True:
        page = list_receipts(query, limit=BATCH, after=after)
        yield from page.items
        db.session.expunge_all()
        after = page.next_cursor
        if after is None:
            return


def months(zone: ZoneInfo) -> Sequence[Month]:
    """What was issued in each month, the newest first."""
    month = func.date_trunc("month", func.timezone(zone.key, Receipt.issued_at))
    is_note = Receipt.refund_id.is_not(None)
    query = (
        select(
            month.label("month"),
            Receipt.currency,
            func.count().filter(~is_note),
            func.count().filter(is_note),
            _net_sum(Receipt.amount_minor),
            _net_sum(Receipt.tax_minor),
        )
        .where(within(Receipt.event_id))
        .group_by("month", Receipt.currency)
        .order_by(month.desc(), Receipt.currency)
    )
    return [Month(row[0].date(), *map(_plain, row[1:])) for row in db.session.execute(query)]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)


def _net_sum(column: InstrumentedAttribute[int]) -> Any:
    """The sum of receipts less that of credit notes."""
    credited = func.coalesce(func.sum(column).filter(Receipt.refund_id.is_not(None)), 0)
    return func.coalesce(func.sum(column).filter(Receipt.refund_id.is_(None)), 0) - credited


def _matching(wanted: Select[Any], query: ReceiptQuery) -> Select[Any]:
    wanted = wanted.where(within(Receipt.event_id))
    if query.event_id is not None:
        wanted = wanted.where(Receipt.event_id == query.event_id)
    if query.month is not None:
        first, end = _bounds(query.month, query.zone)
        wanted = wanted.where(Receipt.issued_at >= first, Receipt.issued_at < end)
    return wanted


def _bounds(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    years, following = divmod(month.month, 12)
    return first, first.replace(year=month.year + years, month=following + 1)


def _payments_of(booking: Booking) -> Sequence[int]:
    """The payments that brought the order its seats, and belong to whoever booked it."""
    if not booking.price_minor:
        return ()
    of_order = Booking.reference == (booking.order_reference or booking.reference)
    whole = Refund.payment_id == Payment.id, Refund.booking_id.is_(None)
    brought = ~select(Refund.id).where(*whole).correlate(Payment).exists()
    is_gift = select(Gift.booking_id).where(Gift.booking_id == booking.id).exists()
    query = select(Payment.id).join(Payment.booking)
    paid = Payment.state == PaymentState.PAID.value
    return db.session.scalars(query.where(of_order, paid, brought, ~is_gift)).all()


def _awaiting(payment_ids: Sequence[int]) -> Sequence[int]:
    """Those that await a receipt, or a credit note."""
    if not payment_ids:
        return ()
    noted = and_(
        Refund.payment_id == Payment.id,
        Refund.awaits_credit_note,
        Refund.state == RefundState.PAID_BACK.value,
    )
    query = select(Payment.id).where(
        Payment.id.in_(payment_ids),
        or_(Payment.awaits_receipt, select(Refund.id).where(noted).exists()),
    )
    return db.session.scalars(query).all()
