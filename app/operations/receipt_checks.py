"""Receipts whose numbers have a gap or are out of order, and payments that wait for theirs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.db import db
from app.models import Payment, PaymentState, Receipt, ReceiptSeries, Refund, RefundState
from app.models.columns import now

PATIENCE = timedelta(minutes=10)
"""How long a payment may wait: the worker takes a second or two."""


class Wrong(NamedTuple):
    """A series whose numbers are not each there once, in order of time."""

    series: str
    last: int
    receipts: int
    disordered: int
    """Numbers that were issued before the number below them."""


class Checked(NamedTuple):
    wrong: Sequence[Wrong]
    payments: int
    """Those that wait for a receipt for longer than `PATIENCE`."""
    refunds: int
    """And for a credit note."""


def check() -> Checked:
    """Check all series, and what waits."""
    waiting = Payment.awaits_receipt, Payment.state == PaymentState.PAID.value
    unnoted = Refund.awaits_credit_note, Refund.state == RefundState.PAID_BACK.value
    since = now() - PATIENCE
    return Checked(
        _wrong_series(),
        _count(*waiting, Payment.paid_at < since),
        _count(*unnoted, Refund.done_at < since),
    )


def _wrong_series() -> list[Wrong]:
    before = func.lag(Receipt.issued_at).over(partition_by=Receipt.series, order_by=Receipt.number)
    numbered = select(Receipt.series, Receipt.number, (Receipt.issued_at < before).label("late"))
    one = numbered.subquery()
    found = func.count(one.c.number)
    highest = func.coalesce(func.max(one.c.number), 0)
    late = func.count().filter(one.c.late)
    # Numbers are unique and begin with 1: as many as the highest are without a gap.
    query = (
        select(ReceiptSeries.name, ReceiptSeries.last, found, late)
        .outerjoin(one, one.c.series == ReceiptSeries.name)
        .group_by(ReceiptSeries.name)
        .having((found != ReceiptSeries.last) | (highest != ReceiptSeries.last) | (late > 0))
        .order_by(ReceiptSeries.name)
    )
    return [Wrong(*row) for row in db.session.execute(query)]


def _count(*conditions: ColumnElement[bool] | InstrumentedAttribute[bool]) -> int:
    count: int = db.session.scalars(select(func.count()).where(*conditions)).one()
    return count
