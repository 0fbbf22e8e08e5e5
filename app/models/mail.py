"""A mail: a letter to one person, from when it is owed until it is sent or given up."""

import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp
from app.models.user import User


class MailState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """A worker has it until `due_at`; after that another takes it, with the same Message-ID."""
    SENT = "sent"
    GIVEN_UP = "given_up"
    """Refused for good, or too often: shown to staff, who may send it again."""


class Mail(Model):
    """The letter's words are made when it is sent, by what is true then."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'given_up')", "state_known"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent_when_sent"),
        Index("uq_mails_message_id", "message_id", unique=True),
        Index(
            "ix_mails_due",
            "bulk",
            "due_at",
            # An IN would be another expression once restored from a dump.
            postgresql_where=text("state = 'queued' OR state = 'sending'"),
        ),
        Index("ix_mails_given_up", "id", postgresql_where=text("state = 'given_up'")),
        Index("ix_mails_sent_at", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("ix_mails_user_id", "user_id"),
        Index(
            "ix_mails_guest_message_id",
            "guest_message_id",
            postgresql_where=text("guest_message_id IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    letter: Mapped[str] = mapped_column(String(40))
    """The name of its templates in `templates/letters`."""
    bulk: Mapped[bool] = mapped_column(server_default=text("false"))
    """One of many with the same news: letters that somebody waits for go first."""
    recipient: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    # They bind nothing: a booking or an event may go, and its letter with it.
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    guest_message_id: Mapped[int | None] = mapped_column(BigInteger)
    """What an organiser wrote to all guests, whose words this letter carries."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """What the letter says besides; emptied when it is sent, for it may hold a secret."""
    message_id: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())
    """The same at every attempt, so that a mailbox knows a repeated letter."""
    state: Mapped[str] = mapped_column(String(10), server_default=MailState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[CreatedAt]
    last_error: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[Timestamp | None]

    @classmethod
    def is_waiting(cls) -> ColumnElement[bool]:
        """The condition that a mail is still to be sent."""
        return cls.state.in_([MailState.QUEUED.value, MailState.SENDING.value])
