"""What organisers write to all guests of an event, and for which start they were reminded."""

import uuid

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp

MAX_SUBJECT = 150
MAX_BODY = 5_000


class GuestMessage(Model):
    """Its words stand here once; the mails that carry them name it. References bind nothing."""

    __tablename__ = "guest_messages"
    __table_args__ = (
        Index("uq_guest_messages_token", "token", unique=True),
        Index("ix_guest_messages_event_id", "event_id"),
    )

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[uuid.UUID]
    """Of the form that it was sent by: a second click sends nothing."""
    subject: Mapped[str] = mapped_column(String(MAX_SUBJECT))
    body: Mapped[str] = mapped_column(String(MAX_BODY))
    """Markdown, as an event's description."""
    guests: Mapped[int]
    """To how many people it was written."""
    dropped: Mapped[int] = mapped_column(server_default="0")
    """Of these, who gave their seats back or left before their letter was sent: they got none."""
    created_at: Mapped[CreatedAt]


class Reminder(Model):
    """Guests were reminded of an event at this start; the key is what makes it once."""

    __tablename__ = "reminders"

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    start_at: Mapped[Timestamp] = mapped_column(primary_key=True)
