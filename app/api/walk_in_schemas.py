"""Schemas of the API calls that sell and give seats at the door."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.check_in_schemas import ArrivalsOut, DoorName
from app.api.fields import Flag, Id, Line, Payload, Seats
from app.api.ticket_type_schemas import TYPE_NAME
from app.models import BookingStatus


class WalkInIn(Payload):
    id: UUID = Field(description="Made by the device: sent again, it is the same walk-in.")
    seats: Seats = 1
    name: Annotated[Line, Field(max_length=100)] = Field("", description="Of who came, if known.")
    ticket_type_id: Id | None = Field(
        None, description="Also of a hidden type; without it, the event's default type."
    )
    free: Flag = Field(False, description="Given instead of sold.")
    door: DoorName = ""


class WalkInOut(Payload):
    booking_id: int
    reference: str
    guest: str
    seats: int
    ticket_type: str | None = TYPE_NAME
    status: BookingStatus = Field(description="CANCELLED once it was undone.")
    to_collect_minor: int = Field(description="For all its seats, in the smallest unit.")
    currency: str
    arrivals: ArrivalsOut
