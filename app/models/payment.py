"""Payments of orders that were reserved, and the money of theirs that is owed back."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.booking import Booking
from app.models.columns import CreatedAt, Key, Timestamp

MAX_BANK_REFERENCE = 60
MAX_PAGE = 255
MAX_REFUSAL = 200


class PaymentProvider(StrEnum):
    """Who brings the money."""

    TRANSFER = "transfer"
    """A bank transfer, which staff find in the account."""
    UPI = "upi"
    """Paid to the site's UPI address, which tells nobody: staff find it in the account, too."""
    DOOR = "door"
    """Handed to staff."""
    STRIPE = "stripe"
    """Paid on Stripe's page, which tells of it."""
    RAZORPAY = "razorpay"
    """Paid on Razorpay's page, which tells of it."""


ONLINE = frozenset((PaymentProvider.STRIPE, PaymentProvider.RAZORPAY))
"""Those that report by themselves, and pay back."""


class PaymentState(StrEnum):
    PENDING = "PENDING"
    """Announced by the buyer, not seen yet."""
    PAID = "PAID"
    """The money has come, whether it brought seats or is owed back."""


class RefundState(StrEnum):
    OWED = "OWED"
    PAID_BACK = "PAID_BACK"


class RefundReason(StrEnum):
    LATE = "late"
    """It came for a reservation that had ended, and its seats were gone."""
    TWICE = "twice"
    """The order was paid already."""
    WRONG_AMOUNT = "wrong_amount"
    """It is not what the order costs, so it brought no seats."""
    CANCELLED = "cancelled"
    """The booking was cancelled, before the money came or after."""
    EVENT_CANCELLED = "event_cancelled"


class ToPay(NamedTuple):
    """What an order has to pay."""

    reference: str
    """The order's, which is that of its first booking: the payment is to name it."""
    amount_minor: int
    currency: str
    until: datetime | None
    is_reserved: bool
    """Whether its seats still wait for it."""
    bank_reference: str | None
    """What the buyer gave as the bank's reference of the payment."""


class Payment(Model):
    """One payment of an order. An order may have several, of which one brought its seats."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "provider IN ('transfer', 'upi', 'door', 'stripe', 'razorpay')", "provider_known"
        ),
        CheckConstraint("state IN ('PENDING', 'PAID')", "state_known"),
        CheckConstraint("amount_minor > 0", "amount_positive"),
        CheckConstraint("(state = 'PAID') = (paid_at IS NOT NULL)", "paid_when_paid"),
        Index(
            "uq_payments_provider_provider_ref",
            "provider",
            "provider_ref",
            unique=True,
            postgresql_where=text("provider_ref IS NOT NULL"),
        ),
        Index(
            "uq_payments_provider_bank_reference",
            "provider",
            "bank_reference",
            unique=True,
            postgresql_where=text("bank_reference IS NOT NULL"),
        ),
        Index(
            "uq_payments_booking_id_provider",
            "booking_id",
            "provider",
            unique=True,
            postgresql_where=text("state = 'PENDING'"),
        ),
        Index("ix_payments_booking_id", "booking_id"),
        Index(
            "uq_payments_provider_page",
            "provider",
            "page",
            unique=True,
            postgresql_where=text("page IS NOT NULL"),
        ),
        Index("ix_payments_ask_at", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
        Index(
            "ix_payments_awaits_receipt",
            "paid_at",
            "id",
            postgresql_where=text("awaits_receipt AND state = 'PAID'"),
        ),
    )

    id: Mapped[Key]
    booking_id: Mapped[int] = mapped_column(ForeignKey(Booking.id, ondelete="RESTRICT"))
    """The order's first booking, whose reference is the order's."""
    provider: Mapped[str] = mapped_column(String(12))
    provider_ref: Mapped[str | None] = mapped_column(String(MAX_BANK_REFERENCE))
    """What the provider calls it: of a bank, the reference in the statement."""
    bank_reference: Mapped[str | None] = mapped_column(String(MAX_BANK_REFERENCE))
    """The bank's reference as the buyer gave it: a claim, by which staff find the money."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    """What the order cost when it was made; of a wrong amount that has come, that amount."""
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), server_default=PaymentState.PENDING.value)
    created_at: Mapped[CreatedAt]
    paid_at: Mapped[Timestamp | None]
    marked_by: Mapped[str | None] = mapped_column(String(60))
    """The name of the staff key that marked it paid."""
    page: Mapped[str | None] = mapped_column(String(MAX_PAGE))
    """What a provider calls the page on which the buyer pays, or paid."""
    ask_at: Mapped[Timestamp | None]
    """When the worker asks the provider of the page; None once nothing more can come of it."""
    seats_paid: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    """What it paid for, a line for each booking, as its receipt tells it; None if it brought no
    seats, or is older than this column."""
    awaits_receipt: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Once it is paid: whether nobody has looked yet if it is to have a receipt."""

    booking: Mapped[Booking] = relationship(lazy="raise")
    refunds: Mapped[list["Refund"]] = relationship(lazy="raise", back_populates="payment")
    kept_amounts: Mapped[list["KeptAmount"]] = relationship(lazy="raise", viewonly=True)

    @property
    def is_paid(self) -> bool:
        return self.state == PaymentState.PAID.value

    @property
    def kept_minor(self) -> int:
        """What the organiser keeps of it for seats that were given back."""
        return sum(kept.amount_minor for kept in self.kept_amounts)


class Refund(Model):
    """Money of a payment that is owed back, or was paid back."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("state IN ('OWED', 'PAID_BACK')", "state_known"),
        CheckConstraint(
            "reason IN ('late', 'twice', 'wrong_amount', 'cancelled', 'event_cancelled')",
            "reason_known",
        ),
        CheckConstraint("amount_minor > 0", "amount_positive"),
        CheckConstraint("(state = 'PAID_BACK') = (done_at IS NOT NULL)", "done_when_paid_back"),
        # Exactly once, whoever comes twice: for the seats that were given back, or for all of it.
        Index(
            "uq_refunds_payment_id_booking_id",
            "payment_id",
            "booking_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_refunds_booking_id", "booking_id"),
        Index("ix_refunds_owed", "id", postgresql_where=text("state = 'OWED'")),
        Index(
            "ix_refunds_awaits_credit_note",
            "done_at",
            "id",
            postgresql_where=text("awaits_credit_note AND state = 'PAID_BACK'"),
        ),
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(ForeignKey(Payment.id, ondelete="RESTRICT"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey(Booking.id, ondelete="RESTRICT"))
    """The cancelled booking, or row of seats given back, that it pays for; None for the whole
    payment, which brought no seats."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), server_default=RefundState.OWED.value)
    reason: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[CreatedAt]
    done_at: Mapped[Timestamp | None]
    done_by: Mapped[str | None] = mapped_column(String(60))
    """The name of the staff key that marked it paid back."""
    tries: Mapped[int] = mapped_column(server_default="0")
    """How often the payment's provider was asked to pay it back; 0 where staff do."""
    try_at: Mapped[Timestamp | None]
    """When it is asked, or asked again; None: at once."""
    refusal: Mapped[str | None] = mapped_column(String(MAX_REFUSAL))
    """Why the provider won't, in its words. It is tried again, unless a refund has failed that was
    sent; staff may settle it otherwise."""
    provider_ref: Mapped[str | None] = mapped_column(String(MAX_BANK_REFERENCE))
    """What the provider calls the refund."""
    awaits_credit_note: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Once it is paid back: whether nobody has looked yet if it is to have a credit note."""
    failed_ref: Mapped[str | None] = mapped_column(String(MAX_BANK_REFERENCE))
    """What the provider calls a refund that it says has failed: it is not asked again."""

    payment: Mapped[Payment] = relationship(lazy="raise", back_populates="refunds")

    @property
    def waits_until(self) -> datetime | None:
        """When its provider is asked to pay it back, which it was not yet; None if it was, or no
        time is set."""
        waits = self.state == RefundState.OWED.value and not self.tries
        return self.try_at if waits else None

    @hybrid_property
    def is_on_its_way(self) -> bool:
        """Whether a provider was asked to pay it back, and may have done so."""
        asked = self.tries > 0 and self.refusal is None and self.failed_ref is None
        return self.state == RefundState.OWED.value and asked

    @is_on_its_way.inplace.expression
    @classmethod
    def _is_on_its_way(cls) -> ColumnElement[bool]:
        return and_(
            cls.state == RefundState.OWED.value,
            cls.tries > 0,
            cls.refusal.is_(None),
            cls.failed_ref.is_(None),
        )


class KeptAmount(Model):
    """What the organiser keeps of a payment for seats that were given back: their price, less what
    of it is owed or was paid back."""

    __tablename__ = "kept_amounts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", "amount_positive"),
        Index("uq_kept_amounts_booking_id", "booking_id", unique=True),
        Index("ix_kept_amounts_payment_id", "payment_id"),
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(ForeignKey(Payment.id, ondelete="RESTRICT"))
    booking_id: Mapped[int] = mapped_column(ForeignKey(Booking.id, ondelete="RESTRICT"))
    """The cancelled booking, or row of seats given back."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[CreatedAt]
