"""A gift: a seat that a guest gave to a friend, who has a booking of their own for it."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.booking import Booking, BookingStatus
from app.models.columns import CreatedAt, Timestamp
from app.models.event import Event


class GiftState(StrEnum):
    WAITING = "waiting"
    """The friend has not given a name yet; until then the giver may take the seat back."""
    ACCEPTED = "accepted"
    TAKEN_BACK = "taken_back"
    GIVEN_BACK = "given_back"
    """It went back on sale: the friend gave it back, or staff did, or the giver's account ended."""


class Gift(Model):
    """Rows are kept: a gift that was taken back says why its booking admits nobody."""

    __tablename__ = "gifts"
    __table_args__ = (
        CheckConstraint("seat >= 1", "seat_positive"),
        CheckConstraint("accepted_at IS NULL OR taken_back_at IS NULL", "accepted_or_taken_back"),
        Index(
            "uq_gifts_from_id_seat",
            "from_id",
            "seat",
            unique=True,
            postgresql_where=text("taken_back_at IS NULL"),
        ),
        Index("ix_gifts_from_id", "from_id"),
        Index("ix_gifts_event_id", "event_id"),
    )

    booking_id: Mapped[int] = mapped_column(
        ForeignKey(Booking.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The friend's booking, of one seat."""
    from_id: Mapped[int] = mapped_column(ForeignKey(Booking.id, ondelete="CASCADE"))
    """The giver's booking."""
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    seat: Mapped[int]
    """The number that the seat had in the giver's booking, where its code admits nobody now."""
    given_at: Mapped[CreatedAt]
    accepted_at: Mapped[Timestamp | None]
    taken_back_at: Mapped[Timestamp | None]

    booking: Mapped[Booking] = relationship(lazy="raise", foreign_keys=[booking_id])
    giver: Mapped[Booking] = relationship(lazy="raise", foreign_keys=[from_id])

    @property
    def state(self) -> GiftState:
        if self.taken_back_at:
            return GiftState.TAKEN_BACK
        if self.booking.status == BookingStatus.CANCELLED.value:
            return GiftState.GIVEN_BACK
        return GiftState.ACCEPTED if self.accepted_at else GiftState.WAITING
