"""Schemas of the API calls that give a seat to a friend."""

from datetime import datetime
from typing import Literal

from pydantic import Field, RootModel

from app.api.fields import Payload, Seats


class GiftIn(Payload):
    seat: Seats | None = Field(
        None,
        description="The number of the booking's last seat: the same request twice then gives one"
        " seat. Without it each request gives one.",
    )


class GiftOut(Payload):
    gift_id: int
    booking_id: int = Field(description="The booking that the seat was given out of.")
    seat: int = Field(description="Its number there, whose code lets nobody in any more.")
    state: Literal["waiting", "accepted", "taken_back", "given_back"] = Field(
        description="It waits until the friend accepts it with a name; given_back once it is on"
        " sale again."
    )
    name: str | None = Field(description="The friend's; null until they have accepted.")
    url: str | None = Field(
        description="The secret address to hand over; null once it gives no seat any more."
    )
    given_at: datetime
    accepted_at: datetime | None


class GiftsOut(RootModel[list[GiftOut]]):
    pass
