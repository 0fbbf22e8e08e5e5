"""Receipts of payments and credit notes of refunds: numbered without gaps, and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.columns import Key, Timestamp
from app.models.event import Event
from app.models.payment import Payment, Refund
from app.models.user import User

MAX_SERIES = 10
MIN_DIGITS = 5
"""Of a number as it is written: those of one length are in order for programs, too."""


class ReceiptSeries(Model):
    """The last number of a series. Its row is locked until the transaction that gave it ends, so
    that a number that was not used after all is given again."""

    __tablename__ = "receipt_series"
    __table_args__ = (CheckConstraint("last >= 0", "last_not_negative"),)

    name: Mapped[str] = mapped_column(String(MAX_SERIES), primary_key=True)
    """As it begins the number: kind and financial year, `R26-27`."""
    last: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[Timestamp]
    """When the last was issued: none is issued before the one with a lower number."""


class Receipt(Model):
    """A receipt of a payment that brought its seats or, with a refund, the credit note of that."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("number >= 1", "number_positive"),
        CheckConstraint("amount_minor > 0", "amount_positive"),
        CheckConstraint("tax_minor >= 0", "tax_not_negative"),
        Index("uq_receipts_series_number", "series", "number", unique=True),
        # Exactly once, whoever issues twice.
        Index(
            "uq_receipts_payment_id",
            "payment_id",
            unique=True,
            postgresql_where=text("refund_id IS NULL"),
        ),
        Index("ix_receipts_payment_id", "payment_id"),
        Index("uq_receipts_refund_id", "refund_id", unique=True),
        Index("ix_receipts_user_id", "user_id"),
        Index("ix_receipts_event_id_id", "event_id", "id"),
        Index("ix_receipts_issued_at_id", "issued_at", "id"),
    )

    id: Mapped[Key]
    series: Mapped[str] = mapped_column(ForeignKey(ReceiptSeries.name, ondelete="RESTRICT"))
    number: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[int] = mapped_column(ForeignKey(Payment.id, ondelete="RESTRICT"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey(Refund.id, ondelete="RESTRICT"))
    """Of a credit note: what was paid back."""
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    """Who paid."""
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="RESTRICT"))
    buyer_name: Mapped[str] = mapped_column(String(100), server_default="")
    buyer_email: Mapped[str] = mapped_column(String(254), server_default="")
    """As it was then; empty once the person's account is deleted, or they are forgotten."""
    issued_at: Mapped[Timestamp]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    """What was paid or, in a credit note, paid back, its tax included."""
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """All else that it says, as it was then: seller, event, lines, taxes."""

    payment: Mapped[Payment] = relationship(lazy="raise")

    @property
    def name(self) -> str:
        """Its number as it is written: at most sixteen characters, unique."""
        return receipt_name(self.series, self.number)

    @property
    def is_credit_note(self) -> bool:
        return self.refund_id is not None

    @property
    def is_taxed(self) -> bool:
        return bool(self.facts["taxes"])

    @property
    def net_minor(self) -> int:
        """The amount without its tax."""
        return self.amount_minor - self.tax_minor

    @property
    def settled_at(self) -> datetime:
        """When the money came or, of a credit note, went back."""
        return datetime.fromisoformat(self.facts["settled_at"])


def receipt_name(series: str, number: int) -> str:
    return f"{series}/{number:0{MIN_DIGITS}}"
