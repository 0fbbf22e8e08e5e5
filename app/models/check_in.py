"""What happened at the door: each scan, and which seats are in."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    func,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.models.booking import Booking
from app.models.columns import CreatedAt, Timestamp, kept_text
from app.models.event import Event

MAX_DOOR = 40
"""Characters of a door's name."""
MAX_CODE = 60
"""Characters kept of what was scanned: a ticket's code, or anything else that has a code."""


class DoorAnswer(StrEnum):
    """What a door is told of a scan."""

    ADMITTED = "admitted"
    ALREADY_USED = "already_used"
    NOT_VALID = "not_valid"
    UNDONE = "undone"
    """Seats that were in are not any more."""


class NotValid(StrEnum):
    """Why a code admits nobody."""

    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    GIVEN_BACK = "given_back"
    """This seat of the booking was given back; others of it may stand."""
    GIVEN_AWAY = "given_away"
    """The seat is somebody else's now, with a code of its own."""
    NOT_PAID = "not_paid"
    """It is reserved until it is paid, or was not paid in time."""
    EVENT_CANCELLED = "event_cancelled"
    OTHER_EVENT = "other_event"
    OTHER_DAY = "other_day"
    """For an event of the same name that starts at another time."""
    REFUSED_OFFLINE = "refused_offline"
    """A door without network turned the guest away; the seat is free to be admitted."""


class CheckIn(Model):
    """A scan at the door and its answer. Rows are never changed or deleted: an undo is another."""

    __tablename__ = "check_ins"
    __table_args__ = (
        CheckConstraint(
            "answer IN ('admitted', 'already_used', 'not_valid', 'undone')", "answer_known"
        ),
        CheckConstraint("(answer = 'not_valid') = (reason IS NOT NULL)", "reason_if_not_valid"),
        CheckConstraint("let_in >= 0", "let_in_counted"),
        Index("ix_check_ins_event_id_received_at", "event_id", "received_at", "id"),
        Index("ix_check_ins_booking_id", "booking_id"),
        Index(
            "ix_check_ins_conflicts",
            "event_id",
            "received_at",
            postgresql_where=text("let_in > cardinality(seats)"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Made by the device, so that a scan which is sent again is the same."""
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    """The door's event, whatever the code is for."""
    booking_id: Mapped[int | None] = mapped_column(ForeignKey(Booking.id, ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(MAX_CODE))
    seats: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
    """The numbers of the seats that it admitted, or that an undo took out again."""
    answer: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(16))
    door: Mapped[str] = mapped_column(String(MAX_DOOR), server_default="")
    actor: Mapped[str] = mapped_column(String(60))
    """The staff key's name at that time."""
    let_in: Mapped[int | None]
    """How many seats a device without network let in by its own list; None where it could ask."""
    at: Mapped[Timestamp]
    """When it was scanned, by the device's clock."""
    received_at: Mapped[CreatedAt]

    @hybrid_property
    def is_conflict(self) -> bool:
        """Whether a device without network let in more seats than were free to be admitted."""
        return self.let_in is not None and self.let_in > len(self.seats)

    @is_conflict.inplace.expression
    @classmethod
    def _is_conflict(cls) -> ColumnElement[bool]:
        return cls.let_in > func.cardinality(cls.seats)

    @validates("door")
    def _keep_door(self, field: str, name: str | None) -> str:
        return kept_text(field, name) or ""


class Admission(Model):
    """A seat that is in: one row at most, whatever the number of doors and retries."""

    __tablename__ = "admissions"
    __table_args__ = (
        CheckConstraint("seat >= 1", "seat_positive"),
        Index("ix_admissions_event_id_at", "event_id", "at"),
    )

    booking_id: Mapped[int] = mapped_column(
        ForeignKey(Booking.id, ondelete="CASCADE"), primary_key=True
    )
    seat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    check_in_id: Mapped[UUID] = mapped_column(ForeignKey(CheckIn.id, ondelete="CASCADE"))
    at: Mapped[Timestamp]
    door: Mapped[str] = mapped_column(String(MAX_DOOR), server_default="")
    actor: Mapped[str] = mapped_column(String(60))
