"""A booking: seats of one event, confirmed for one user, perhaps cancelled later."""

import secrets
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.columns import CreatedAt, Key, Moment
from app.models.event import Event
from app.models.user import User

MAX_SEATS = 1_000
"""Seats in one booking; more is a mistake in typing, not a wish."""

REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0/O, 1/I/L, U: a reference is read aloud at the door."""


class BookingStatus(StrEnum):
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


_EVEN = 256 - 256 % len(REFERENCE_LETTERS)
_LETTER_OF = bytes(ord(REFERENCE_LETTERS[i % len(REFERENCE_LETTERS)]) for i in range(256))


def new_reference() -> str:
    """Twelve letters, 58 random bits: a name for a booking. It grants nothing by itself."""
    letters = b""
    while len(letters) < 12:
        # Bytes beyond the last whole alphabet would favour some letters.
        letters += secrets.token_bytes(16).translate(_LETTER_OF, delete=bytes(range(_EVEN, 256)))
    return letters[:12].decode()


def spoken(reference: str) -> str:
    """A reference in groups of four, as it is read aloud: `7Q2K-9F4M-XT3B`."""
    return "-".join(reference[i : i + 4] for i in range(0, len(reference), 4))


def takes_seats(status: Any) -> Any:
    """Whether a booking of this status takes its event's seats: the one place that says so. Of a
    column it makes the condition."""
    return status == BookingStatus.CONFIRMED.value


class Booking(Model):
    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("seats BETWEEN 1 AND 1000", "seats_in_range"),
        CheckConstraint("status IN ('CONFIRMED', 'CANCELLED')", "status_known"),
        CheckConstraint(
            "(status = 'CANCELLED') = (cancelled_at IS NOT NULL)", "cancelled_when_cancelled"
        ),
        CheckConstraint(
            "(idempotency_key IS NULL) = (fingerprint IS NULL)", "fingerprint_with_key"
        ),
        Index("uq_bookings_reference", "reference", unique=True),
        Index(
            "uq_bookings_user_id_idempotency_key",
            "user_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_bookings_user_id_id", "user_id", "id"),
        Index("ix_bookings_event_id_id", "event_id", "id"),
        Index(
            "ix_bookings_confirmed",
            "event_id",
            "user_id",
            postgresql_include=["seats"],
            postgresql_where=text("status = 'CONFIRMED'"),
        ),
        Index("ix_bookings_created_at", "created_at"),
        Index(
            "ix_bookings_cancelled_at",
            "cancelled_at",
            postgresql_where=text("cancelled_at IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    reference: Mapped[str] = mapped_column(String(20))
    # No cascade: history outlives its user and its event.
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="RESTRICT"))
    seats: Mapped[int]
    price_minor: Mapped[int] = mapped_column(server_default="0")
    """Price of one seat when it was booked."""
    status: Mapped[str] = mapped_column(String(12), server_default=BookingStatus.CONFIRMED.value)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
    cancelled_at: Mapped[Moment | None]
    part_of: Mapped[int | None] = mapped_column(ForeignKey("bookings.id", ondelete="RESTRICT"))
    """Seats that were given back of a booking which stands: a record of their own, cancelled."""

    user: Mapped[User] = relationship(lazy="raise")
    event: Mapped[Event] = relationship(lazy="raise")

    @hybrid_property
    def takes_seats(self) -> bool:
        """Whether its seats are taken; also a condition of queries."""
        found: bool = takes_seats(self.status)
        return found

    @property
    def spoken_reference(self) -> str:
        return spoken(self.reference)
