"""Schemas of waiting rooms."""

from datetime import datetime
from typing import Self

from pydantic import Field

from app.api.fields import Payload
from app.services.waiting_rooms import RoomPhase, Standing
from app.waiting_room.estimates import Outlook
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
    seats_left: int | None = Field(description="For who waits.")
    outlook: Outlook | None = Field(
        description="Whether seats will be left at the turn of who waits: `enough`; `unsure`, they"
        " may not suffice; `none`, almost surely."
    )
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
            seats_left=standing.seats,
            outlook=standing.outlook,
            opens_at=standing.opens_at,
            book_until=standing.ends_at if standing.is_admitted else None,
            arrived=room.arrived,
            lobby_size=room.lobby,
            commitment=standing.commitment,
            seed=room.seed,
            mix=room.mix,
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
