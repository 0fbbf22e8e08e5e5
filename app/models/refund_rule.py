"""The organiser's rules of how much comes back on cancelling, as they were."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import Key, Timestamp
from app.models.event import Event


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
