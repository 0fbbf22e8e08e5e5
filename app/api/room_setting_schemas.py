"""Schemas of what staff sets of a waiting room, and sees of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from app.api.fields import Count, Flag, Payload, without_defaults
from app.models import RoomMode
from app.models.waiting_room import (
    MAX_BUSY_AFTER,
    MAX_INSIDE,
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MAX_PROOF_SECONDS,
    MIN_BUSY_AFTER,
    MIN_PASS_MINUTES,
    WaitingRoom,
)
from app.services.room_console import Overview
from app.services.room_minutes import Minute
from app.waiting_room.pacing import Source, Why


class RoomNowOut(Payload):
    """A room in which people wait."""

    live: bool = Field(description="False while Redis is away: what was known last.")
    halted: bool = Field(description="True while the database is away: nobody's turn begins.")
    lobby: int = Field(description="Those who wait for the opening.")
    waiting: int
    served: int = Field(description="Those who have had their turn.")
    came: int = Field(description="Those of them who were seen since.")
    booked: int
    inside: int = Field(description="Those who may book, and have not yet.")
    paying: int = Field(description="Orders that are reserved, and not paid yet.")
    per_minute: float = Field(description="The pace of now.")
    why: Why = Field(description="What the pace follows from.")
    strained_by: Source | None = Field(description="What is slow, where the pace falls.")

    @classmethod
    def of(cls, seen: Overview) -> Self:
        told = seen.told
        return cls(
            live=seen.live,
            halted=seen.halted,
            lobby=seen.room.arrived if seen.in_lobby else 0,
            waiting=0 if seen.in_lobby else seen.waiting,
            served=seen.served,
            came=told.came,
            booked=told.booked,
            inside=told.inside,
            paying=told.paying,
            per_minute=round(seen.per_minute, 1),
            why=seen.why,
            strained_by=seen.strained_by,
        )


class RoomMinuteOut(Payload):
    at: datetime = Field(description="The minute's end.")
    joined: int
    admitted: int = Field(description="Those whose turn came.")
    came: int
    booked: int
    per_minute: int = Field(description="The pace at its end.")


class RoomOut(Payload):
    """How people wait for an event."""

    mode: RoomMode
    auto_on: bool = Field(description="Whether it has turned itself on, where the mode is `auto`.")
    measured: bool
    per_minute: int
    most_inside: int | None
    busy_after: float
    paused: bool
    pass_minutes: int
    open_without_redis: bool
    proof_seconds: int
    opened_at: datetime | None = Field(description="Up to a second old, as are the next ones.")
    arrived: int
    lobby_size: int
    exempt_orders: int = Field(description="What staff booked past this room, with keys or not.")
    exempt_seats: int
    now: RoomNowOut | None = Field(None, description="Null where nobody has to wait.")
    minutes: list[RoomMinuteOut] = Field([], description="The last hour's, the oldest first.")

    @classmethod
    def of(cls, room: WaitingRoom, seen: Overview | None, minutes: Sequence[Minute]) -> Self:
        found = cls.model_validate(room)
        found.now = RoomNowOut.of(seen) if seen else None
        found.minutes = [RoomMinuteOut.model_validate(minute) for minute in minutes]
        return found


class RoomChange(Payload):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    mode: RoomMode = Field(
        RoomMode.ON,
        description="Turned on anew it is another room, with another draw. `auto` turns itself on"
        " while the event's orders take longer than `busy_after`.",
    )
    measured: Flag = Field(
        True, description="Whether the pace follows what the site can serve, not `per_minute`."
    )
    per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE)] = Field(
        600,
        description="People who get their turn in a minute. The pace is not measured any more,"
        " unless `measured` says so.",
    )
    most_inside: Annotated[Count, Field(ge=1, le=MAX_INSIDE)] | None = Field(
        None, description="The most who may book, or have yet to pay, at one time; null for any."
    )
    busy_after: Annotated[float, Field(ge=MIN_BUSY_AFTER, le=MAX_BUSY_AFTER)] = Field(
        1.0, description="Seconds that nine of ten orders may take."
    )
    paused: Flag = Field(False, description="Nobody's turn begins.")
    pass_minutes: Annotated[int, Field(ge=MIN_PASS_MINUTES, le=MAX_PASS_MINUTES)] = Field(
        10, description="How long one may book once one's turn has come."
    )
    open_without_redis: Flag = Field(
        False, description="While Redis is away, let everybody book instead of nobody else."
    )
    proof_seconds: Annotated[Count, Field(ge=0, le=MAX_PROOF_SECONDS)] = Field(
        0,
        description="How long a slow phone computes at most before it joins without an account; 0:"
        " nobody has to.",
    )
