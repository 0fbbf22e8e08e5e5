"""An event's waiting room: its settings, and a copy of the state that Redis holds."""

import enum
import secrets

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.columns import CreatedAt, Timestamp
from app.models.event import Event

MAX_PER_MINUTE = 60_000
"""Places a minute: a thousand a second."""
MIN_PASS_MINUTES, MAX_PASS_MINUTES = 2, 60
DEFAULT_PER_MINUTE, DEFAULT_PASS_MINUTES = 600, 10
MAX_WAITING = 10_000_000
"""Numbers that a room gives out at most."""


class RoomMode(enum.StrEnum):
    """When people wait."""

    OFF = "off"
    ON = "on"


def new_epoch() -> int:
    """Return what tells a room from every other one, also from a former one of the event."""
    return secrets.randbits(53)


def new_seed() -> str:
    return secrets.token_hex(32)


class WaitingRoom(Model):
    __tablename__ = "waiting_rooms"
    __table_args__ = (
        CheckConstraint("mode IN ('off', 'on')", "mode_known"),
        CheckConstraint(f"per_minute BETWEEN 1 AND {MAX_PER_MINUTE}", "per_minute_in_range"),
        CheckConstraint(
            f"pass_minutes BETWEEN {MIN_PASS_MINUTES} AND {MAX_PASS_MINUTES}",
            "pass_minutes_in_range",
        ),
        CheckConstraint("arrived >= 0 AND lobby_size BETWEEN 0 AND arrived", "counts_in_range"),
    )

    event_id: Mapped[int] = mapped_column(
        ForeignKey(Event.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    mode: Mapped[str] = mapped_column(String(8), server_default=RoomMode.OFF.value)
    per_minute: Mapped[int] = mapped_column(server_default=str(DEFAULT_PER_MINUTE))
    """Places that get their turn in a minute."""
    paused: Mapped[bool] = mapped_column(server_default="false")
    """Nobody's turn begins; passes that have begun hold."""
    pass_minutes: Mapped[int] = mapped_column(server_default=str(DEFAULT_PASS_MINUTES))
    """How long one may book once one's turn has come."""
    open_without_redis: Mapped[bool] = mapped_column(server_default="false")
    """What holds while Redis is away: everybody may book, or only who has a turn already."""
    revision: Mapped[int] = mapped_column(server_default="1")
    """Rises with each change of the settings above, so that the newest hold in Redis."""

    epoch: Mapped[int] = mapped_column(BigInteger, default=new_epoch)
    seed: Mapped[str] = mapped_column(String(64), default=new_seed)
    """Of the draw: secret until the room has opened, and published from then on."""
    begun_at: Mapped[CreatedAt]
    """When it was turned on: it opens at once if the event's sales have begun by then."""

    opened_at: Mapped[Timestamp | None]
    arrived: Mapped[int] = mapped_column(BigInteger, server_default="0")
    arrived_before: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """`arrived` of the copy before: what may have come since the last one follows from it."""
    lobby_size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    mix: Mapped[str] = mapped_column(String(40), server_default="")
    paces: Mapped[str] = mapped_column(Text, server_default="[]")

    exempt_orders: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Orders that staff made past this room, since it was turned on."""
    exempt_seats: Mapped[int] = mapped_column(BigInteger, server_default="0")

    event: Mapped[Event] = relationship(lazy="raise")

    @property
    def per_second(self) -> float:
        return 0.0 if self.paused else self.per_minute / 60

    @property
    def opens_at(self) -> float:
        """Unix time at which places are drawn and the first turns begin. Needs the event."""
        opening = self.event.sales_open_at
        return max(opening, self.begun_at).timestamp() if opening else self.begun_at.timestamp()
