"""Schemas of the API calls that give seats back."""

from typing import Literal

from pydantic import Field

from app.api.fields import Flag, Payload, Seats

ADMITTED_TOO = "Of staff: also seats that were admitted at the door."


class BookingChange(Payload):
    seats: Seats = Field(description="How many seats to keep; the others go back on sale.")
    admitted_too: Flag = Field(False, description=ADMITTED_TOO)


class CancellationQuery(Payload):
    admitted_too: bool = Field(False, description=ADMITTED_TOO)


class CancelledOut(Payload):
    booking_id: int
    status: Literal["CANCELLED"]
