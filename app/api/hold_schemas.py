"""Schemas of the API calls for named holds and issued bookings."""

from typing import Annotated

from pydantic import Field

from app.api.fields import Count, Flag, Id, Line, Payload, Seats
from app.api.schemas import Email, IdempotencyKey
from app.models.booking import MAX_ISSUED_FOR
from app.models.event import MAX_CAPACITY

HoldName = Annotated[Line, Field(min_length=1, max_length=60)]
HeldCount = Annotated[Count, Field(ge=0, le=MAX_CAPACITY)]


class HoldOut(Payload):
    id: int
    name: str
    seats: int = Field(description="Held back and not issued yet.")


class HoldsOut(Payload):
    seats_held: int = Field(description="All seats held back, with a name or without.")
    holds: list[HoldOut]


class HoldIn(Payload):
    name: HoldName
    seats: Annotated[Count, Field(ge=1, le=MAX_CAPACITY)]
    from_held: Flag = Field(
        False, description="Of the seats held back without a name, instead of those on sale."
    )


class HoldChange(Payload):
    """What is left out stays as it is."""

    name: HoldName | None = None
    seats: HeldCount | None = None
    seen: HeldCount | None = Field(None, description="Its seats as they were seen.")


class IssueIn(Payload):
    email: Email
    name: Annotated[Line, Field(max_length=100)] = ""
    seats: Seats = 1
    issued_for: Annotated[Line, Field(max_length=MAX_ISSUED_FOR)] = Field(
        "", description="Who the seats are for; without it, the hold's name."
    )
    hold_id: Id | None = Field(None, description="The hold that the seats are taken from.")
    from_held: Flag = Field(False, description="Take seats that are held back without a name.")
    ticket_type_id: Id | None = Field(
        None, description="Also of a hidden type; without it, the event's default type."
    )
    free: Flag = Field(False, description="Free of charge.")
    past_limit: Flag = Field(False, description="Also past the event's limit per person.")
    idempotency_key: IdempotencyKey | None = None
