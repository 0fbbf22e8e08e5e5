"""Schemas of waiting rooms."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from app.api.fields import Count, Flag, Payload, without_defaults
from app.models import RoomMode
from app.models.waiting_room import (
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MAX_PROOF_SECONDS,
    MIN_PASS_MINUTES,
    WaitingRoom,
)
from app.services.waiting_rooms import RoomPhase, Standing
from app.waiting_room.proofs import ITERATIONS, Challenge
from app.waiting_room.rooms import moment

TICKET = Field(
    None,
    description="To be sent as `Waiting-Room-Ticket`. A user's is good for that user alone, and on"
    " the site's pages as well; without a user, for whoever sends it.",
)


class WaitOut(Payload):
    earliest_seconds: int
    latest_seconds: int = Field(description="Nine of ten waits end between the two.")


class StandingOut(Payload):
    """Where the caller stands in an event's waiting room."""

    phase: RoomPhase = Field(
        description="Before sales open all who join are in the `lobby`; then places are drawn."
        " Whose turn has come is `admitted`; `over` means that it has passed."
    )
    ticket: str | None = TICKET
    number: int | None = Field(description="The order of arrival.")
    place: int | None = Field(description="As drawn for those in the lobby, else the number.")
    before: int | None = Field(description="People whose turn comes first.")
    wait: WaitOut | None = Field(description="Null in the lobby, and while nobody is admitted.")
    opens_at: datetime
    book_until: datetime | None = Field(
        description="Until when the caller may book, once admitted."
    )
    arrived: int = Field(description="All who have joined.")
    lobby_size: int = Field(description="Those among whom places were drawn.")
    commitment: str = Field(description="SHA-256 of the draw's seed.")
    seed: str | None = Field(description="Published when the room opens.")
    mix: str = Field(description="What those in the lobby added to the draw.")

    @classmethod
    def of(cls, standing: Standing, ticket: str | None) -> Self:
        room, wait = standing.room, standing.wait
        return cls(
            phase=standing.phase,
            ticket=ticket,
            number=standing.number,
            place=standing.place,
            before=standing.before,
            wait=WaitOut(earliest_seconds=int(wait[0]), latest_seconds=int(wait[1]) + 1)
            if wait
            else None,
            opens_at=standing.opens_at,
            book_until=standing.ends_at if standing.is_admitted else None,
            arrived=room.arrived,
            lobby_size=room.lobby,
            commitment=standing.commitment,
            seed=room.seed,
            mix=room.mix,
        )


class RoomOut(Payload):
    """How people wait for an event."""

    mode: RoomMode
    per_minute: int
    paused: bool
    pass_minutes: int
    open_without_redis: bool
    proof_seconds: int
    opened_at: datetime | None = Field(description="Up to a second old, as are the next ones.")
    arrived: int
    lobby_size: int
    exempt_orders: int = Field(description="What staff booked past this room, with keys or not.")
    exempt_seats: int

    @classmethod
    def of(cls, room: WaitingRoom) -> Self:
        return cls.model_validate(room)


class RoomChange(Payload):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    mode: RoomMode = Field(
        RoomMode.ON, description="Turned on anew it is another room, with another draw."
    )
    per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE)] = Field(
        600, description="People who get their turn in a minute."
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


class ChallengeOut(Payload):
    """What is to be solved before joining without an account."""

    challenge: str = Field(
        description="Send it as `Waiting-Room-Proof`, with a full stop and the number behind it."
    )
    nonce: str
    target: str
    tries: int = Field(description="The number is below this; 0: no proof is asked for.")
    iterations: int
    expires_at: datetime | None

    @classmethod
    def of(cls, found: Challenge | None) -> Self:
        if found is None:
            return cls(
                challenge="", nonce="", target="", tries=0, iterations=ITERATIONS, expires_at=None
            )
        return cls(
            challenge=found.text,
            nonce=found.nonce,
            target=found.target,
            tries=found.tries,
            iterations=ITERATIONS,
            expires_at=moment(found.expires),
        )
