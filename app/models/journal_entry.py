"""The journal: what has happened that people may have to be told, to be read once and deleted."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key


class Happened(StrEnum):
    BOOKED = "booked"
    """One entry a transaction of the desk, with all its bookings."""
    PAID = "paid"
    """Reservations are confirmed."""
    EXPIRED = "expired"
    """Reservations ended without a payment."""
    GIVEN_BACK = "given_back"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    """Also when it is deleted: its bookings fall out all the same."""

    MESSAGE = "message"
    """What an organiser writes to all guests."""
    REMINDER = "reminder"


class JournalEntry(Model):
    """Written in the transaction of what it tells of; whoever has acted on it deletes it.

    Ids are drawn before COMMIT, so "after the last one seen" would skip entries. References bind
    nothing: an entry may tell of what is gone.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('booked', 'paid', 'expired', 'given_back', 'event_changed',"
            " 'event_cancelled', 'message', 'reminder')",
            "kind_known",
        ),
    )

    id: Mapped[Key]
    at: Mapped[CreatedAt]
    kind: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    booking_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
