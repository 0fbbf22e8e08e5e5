"""A named hold: seats of an event held back for somebody, as "sponsor" or "band"."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.models.columns import CreatedAt, Key, kept_text
from app.models.event import Event

MAX_HOLDS = 50
"""Holds of one event: its page lists them all."""
DOOR_HOLD = "door"
"""Name, in any capitals, of a hold whose seats are sold at the door."""


class Hold(Model):
    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("seats_left >= 0", "seats_not_negative"),
        CheckConstraint("length(btrim(name)) > 0", "name_not_blank"),
        Index("uq_holds_event_id_name", "event_id", text("lower(name)"), unique=True),
    )

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    seats_left: Mapped[int]
    """Seats not issued yet: a part of the event's `seats_held`."""
    created_at: Mapped[CreatedAt]

    @validates("name")
    def _keep_name(self, field: str, name: str | None) -> str | None:
        return kept_text(field, name)
