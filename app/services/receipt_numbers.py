"""Numbers of receipts: without gaps, in order of time, anew in each financial year.

A number is given under the lock of its series' row, in the transaction that writes the receipt: if
that fails, the number is given again.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import Settings
from app.models import Receipt, ReceiptSeries
from app.models.columns import now


class Kind(StrEnum):
    """The letter in a number."""

    RECEIPT = "R"
    CREDIT_NOTE = "C"


class Numbers(NamedTuple):
    """Numbers of a series, whose lock this transaction has until it ends."""

    series: str
    first: int
    at: datetime
    """When they are issued: not before any lower number of the series."""

    def give(self, receipts: Sequence[Receipt]) -> None:
        """Number the receipts in their sequence, which are as many."""
        for number, receipt in enumerate(receipts, self.first):
            receipt.series, receipt.number, receipt.issued_at = self.series, number, self.at


def series_of(kind: Kind, at: datetime, settings: Settings) -> str:
    """The series of what is issued at this moment: `R26-27` in the financial year that began in
    2026, by the site's clock."""
    local = at.astimezone(ZoneInfo(settings.time_zone))
    begins = settings.financial_year_start
    year = local.year - (local.month < begins)
    years = str(year) if begins == 1 else f"{year % 100:02}-{(year + 1) % 100:02}"
    return f"{settings.receipt_prefix}{kind.value}{years}"


def take(session: Session, kind: Kind, count: int, settings: Settings) -> Numbers:
    """Take the next numbers of the series of now, and its lock."""
    at = now()
    name = series_of(kind, at, settings)
    fresh = insert(ReceiptSeries).values(name=name, last=count, last_at=at)
    taken = fresh.on_conflict_do_update(
        index_elements=[ReceiptSeries.name],
        set_={
            "last": ReceiptSeries.last + count,
            # Clocks of several machines differ; whoever waited for the lock is later, too.
            "last_at": func.greatest(ReceiptSeries.last_at, fresh.excluded.last_at),
        },
    ).returning(ReceiptSeries.last, ReceiptSeries.last_at)
    last, last_at = session.execute(taken).one()
    return Numbers(name, last - count + 1, last_at)
