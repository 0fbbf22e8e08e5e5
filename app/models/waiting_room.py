"""An event's waiting room: its settings, and a copy of the state that Redis holds."""

import enum
import secrets

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.columns import CreatedAt, Timestamp
from app.models.event import Event

MAX_PER_MINUTE = 60_000
"""Places a minute: a thousand a second."""
MIN_PASS_MINUTES, MAX_PASS_MINUTES = 2, 60
DEFAULT_PER_MINUTE, DEFAULT_PASS_MINUTES = 600, 10
DEFAULT_START = 10.0
"""Places a second with which a measured pace begins, where nothing was measured."""
MIN_BUSY_AFTER, MAX_BUSY_AFTER, DEFAULT_BUSY_AFTER = 0.2, 5.0, 1.0
"""Seconds that orders take at the desk from which on people wait, where that is automatic."""
MAX_INSIDE = 1_000_000
MAX_PROOF_SECONDS = 30
MAX_WAITING = 10_000_000
"""Numbers that a room gives out at most."""


class RoomMode(enum.StrEnum):
    """When people wait."""

    OFF = "off"
    ON = "on"
    AUTO = "auto"
    """While the desk is too slow, and those wait who came then."""


def new_epoch() -> int:
    """Return what tells a room from every other one, also from a former one of the event."""
    return secrets.randbits(53)


def new_seed() -> str:
    return secrets.token_hex(32)


class WaitingRoom(Model):
    __tablename__ = "waiting_rooms"
    __table_args__ = (
        CheckConstraint("mode IN ('off', 'on', 'auto')", "mode_known"),
        CheckConstraint(f"per_minute BETWEEN 1 AND {MAX_PER_MINUTE}", "per_minute_in_range"),
        CheckConstraint(
            f"pass_minutes BETWEEN {MIN_PASS_MINUTES} AND {MAX_PASS_MINUTES}",
            "pass_minutes_in_range",
        ),
        CheckConstraint(f"most_inside BETWEEN 1 AND {MAX_INSIDE}", "most_inside_in_range"),
        CheckConstraint(
            f"busy_after BETWEEN {MIN_BUSY_AFTER} AND {MAX_BUSY_AFTER}", "busy_after_in_range"
        ),
        CheckConstraint(
            f"proof_seconds BETWEEN 0 AND {MAX_PROOF_SECONDS}", "proof_seconds_in_range"
        ),
        CheckConstraint("arrived >= 0 AND lobby_size BETWEEN 0 AND arrived", "counts_in_range"),
    )

    event_id: Mapped[int] = mapped_column(
        ForeignKey(Event.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    mode: Mapped[str] = mapped_column(String(8), server_default=RoomMode.OFF.value)
    measured: Mapped[bool] = mapped_column(default=True, server_default="false")
    """Whether the pace follows what the site can serve, instead of `per_minute`."""
    per_minute: Mapped[int] = mapped_column(server_default=str(DEFAULT_PER_MINUTE))
    """Places that get their turn in a minute, where the organiser sets it."""
    most_inside: Mapped[int | None]
    """The most who may book, or pay, at one time; None for any number."""
    busy_after: Mapped[float] = mapped_column(Float, server_default=str(DEFAULT_BUSY_AFTER))
    """Seconds that the event's orders take, from which on an automatic room is on."""
    paused: Mapped[bool] = mapped_column(server_default="false")
    """Nobody's turn begins; passes that have begun hold."""
    pass_minutes: Mapped[int] = mapped_column(server_default=str(DEFAULT_PASS_MINUTES))
    """How long one may book once one's turn has come."""
    open_without_redis: Mapped[bool] = mapped_column(server_default="false")
    """What holds while Redis is away: everybody may book, or only who has a turn already."""
    proof_seconds: Mapped[int] = mapped_column(server_default="0")
    """How long a slow phone computes at most before it may join; 0: nobody has to."""
    revision: Mapped[int] = mapped_column(server_default="1")
    """Rises with each change of the settings above, so that the newest hold in Redis."""

    epoch: Mapped[int] = mapped_column(BigInteger, default=new_epoch)
    seed: Mapped[str] = mapped_column(String(64), default=new_seed)
    """Of the draw: secret until the room has opened, and published from then on."""
    begun_at: Mapped[CreatedAt]
    """When it was turned on: it opens at once if the event's sales have begun by then."""

    auto_on: Mapped[bool] = mapped_column(server_default="false")
    """Whether an automatic room is on."""
    start_per_second: Mapped[float] = mapped_column(Float, server_default=str(DEFAULT_START))
    """With how many places a measured pace begins; later, a copy of what was measured last."""

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
    def waits(self) -> bool:
        """Whether people wait for their turn now."""
        return self.mode == RoomMode.ON or (self.mode == RoomMode.AUTO and self.auto_on)

    @property
    def per_second(self) -> float:
        """Places a second; of a measured pace, the copy: the room itself knows it better."""
        if self.paused:
            return 0.0
        return self.start_per_second if self.measured else self.per_minute / 60

    @property
    def opens_at(self) -> float:
        """Unix time at which places are drawn and the first turns begin. Needs the event."""
        opening = self.event.sales_open_at
        return max(opening, self.begun_at).timestamp() if opening else self.begun_at.timestamp()


class RoomMinute(Model):
    """What a waiting room had come to by the end of a minute: all of it since it was turned on."""

    __tablename__ = "waiting_room_minutes"

    event_id: Mapped[int] = mapped_column(
        ForeignKey(Event.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[Timestamp] = mapped_column(primary_key=True)
    """The minute's end."""
    epoch: Mapped[int] = mapped_column(BigInteger)
    arrived: Mapped[int] = mapped_column(BigInteger)
    admitted: Mapped[int] = mapped_column(BigInteger)
    """Those who joined and have had their turn."""
    came: Mapped[int] = mapped_column(BigInteger)
    booked: Mapped[int] = mapped_column(BigInteger)
    per_second: Mapped[float] = mapped_column(Float)
