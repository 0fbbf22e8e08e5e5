"""What payment providers told us, each thing once."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Timestamp


class EventOutcome(StrEnum):
    NOTHING = "nothing"
    """It changes nothing: what it tells of is no page, or one that is open still."""
    PAID = "paid"
    """Money has come, and brought its seats."""
    OWED = "owed"
    """Money has come, and is owed back; or it was sent back, and is owed again."""
    CLOSED = "closed"
    """Nothing can be paid on its page any more."""
    UNKNOWN = "unknown"
    """No order of ours is meant."""


class ProviderEvent(Model):
    """A webhook whose signature was the provider's. The worker does what follows of it."""

    __tablename__ = "provider_events"
    __table_args__ = (
        CheckConstraint("provider IN ('stripe', 'razorpay')", "provider_known"),
        CheckConstraint(
            "outcome IN ('nothing', 'paid', 'owed', 'closed', 'unknown')", "outcome_known"
        ),
        CheckConstraint("(worked_at IS NULL) = (outcome IS NULL)", "outcome_when_worked"),
        Index("ix_provider_events_due_at", "due_at", postgresql_where=text("worked_at IS NULL")),
    )

    provider: Mapped[str] = mapped_column(String(12), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    """The provider's, the same when it is sent again."""
    kind: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What it says of a page; nothing of the person who paid, whom the whole body names."""
    received_at: Mapped[CreatedAt]
    due_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    """When the worker takes it up, later than it was received where it could not be done then."""
    worked_at: Mapped[Timestamp | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
