"""Schemas of the API calls for the door."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.fields import Id, Line, Moment, Payload
from app.api.schemas import Seats
from app.models import DoorAnswer, NotValid
from app.models.check_in import MAX_DOOR

DoorName = Annotated[Line, Field(max_length=MAX_DOOR)]


class CheckInIn(Payload):
    id: UUID = Field(description="Made by the device: sent again, it is the same scan.")
    code: Annotated[Line, Field(max_length=300)] = Field(
        "", description="What was scanned or typed: a ticket's code or a booking's reference."
    )
    booking_id: Id | None = Field(None, description="A booking that was found by its guest's name.")
    seats: Seats = Field(1, description="How many to admit of a whole booking.")
    door: DoorName = ""
    at: Moment | None = Field(
        None, description="When it was scanned, if it could not be sent then."
    )


class UndoIn(Payload):
    id: UUID = Field(description="Made by the device: sent again, it is the same undo.")
    door: DoorName = ""


class EarlierOut(Payload):
    seat: int
    at: datetime
    door: str
    actor: str = Field(description="The staff key's name.")


class ArrivalsOut(Payload):
    seats_in: int
    seats: int = Field(description="Seats that are booked.")


class CheckInOut(Payload):
    id: UUID
    answer: DoorAnswer
    reason: NotValid | None = Field(description="Why the code admits nobody.")
    code: str
    booking_id: int | None
    seats: list[int] = Field(description="The numbers of the seats admitted, or taken out again.")
    door: str
    actor: str
    at: datetime = Field(description="When it was scanned, by the device's clock.")
    received_at: datetime


class ScanOut(CheckInOut):
    guest: str | None
    reference: str | None
    booking_seats: int | None
    booking_seats_in: int | None
    earlier: list[EarlierOut] = Field(description="Of the seats asked for, those that were in.")
    arrivals: ArrivalsOut


class CheckInsOut(Payload):
    arrivals: ArrivalsOut
    check_ins: list[CheckInOut]


class DoorFiguresOut(Payload):
    door: str = Field(description="Empty for doors without a name.")
    seats_in: int


class SpanFiguresOut(Payload):
    begins: datetime
    seats_in: int


class ArrivalFiguresOut(ArrivalsOut):
    bookings_to_come: int = Field(description="Bookings of whom nobody is in.")
    doors: list[DoorFiguresOut]
    minutes: int = Field(description="Length of each span.")
    spans: list[SpanFiguresOut] = Field(description="From the first arrival to the last.")
