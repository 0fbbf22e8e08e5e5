"""The organiser's rule of how much comes back on cancelling, as it was; and what was kept by it."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.booking import Booking
from app.models.columns import CreatedAt, Key, Timestamp
from app.models.event import Event
from app.models.payment import Payment


class RefundRule(Model):
    """A rule that another has replaced: it still holds for whoever booked while it stood.

    Rows are added, and never changed. The rule that stands is the event's own `refund_rule`.
    """

    __tablename__ = "refund_rules"
    __table_args__ = (Index("ix_refund_rules_event_id", "event_id"),)

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="RESTRICT"))
    steps: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """As in `Event.refund_rule`; None: all came back."""
    stood_until: Mapped[Timestamp]
    last_booking_id: Mapped[int] = mapped_column(BigInteger)
    """The event's last booking while it stood; 0 if there was none."""


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
