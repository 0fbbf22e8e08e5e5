"""Schemas of the API calls for the door."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.api.fields import Id, Line, Moment, Payload, Seats
from app.models import DoorAnswer, NotValid
from app.models.booking import MAX_SEATS
from app.models.check_in import MAX_DOOR
from app.services.admissions import Arrivals

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
    let_in: Annotated[int, Field(ge=0, le=MAX_SEATS)] | None = Field(
        None,
        description="How many seats the device let in by its own list, if it could not ask; "
        "0 turned them away, and admits nobody now either.",
    )


class UndoIn(Payload):
    id: UUID = Field(description="Made by the device: sent again, it is the same undo.")
    door: DoorName = ""
    at: Moment | None = Field(None, description="When it was undone, if it could not be sent then.")


class EarlierOut(Payload):
    seat: int
    at: datetime
    door: str
    actor: str = Field(description="The staff key's name.")


class ArrivalsOut(Payload):
    seats_in: int
    seats: int = Field(description="Seats that are booked.")

    @classmethod
    def of(cls, found: Arrivals) -> Self:
        return cls(seats_in=found.seats_in, seats=found.seats)


class CheckInOut(Payload):
    id: UUID
    answer: DoorAnswer
    reason: NotValid | None = Field(description="Why the code admits nobody.")
    code: str
    booking_id: int | None
    seats: list[int] = Field(description="The numbers of the seats admitted, or taken out again.")
    door: str
    actor: str
    let_in: int | None = Field(
        description="How many seats a device without network let in; more than `seats` is a "
        "conflict: they were not free."
    )
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


class TypeArrivalsOut(Payload):
    name: str
    seats_in: int
    seats: int


class ArrivalFiguresOut(ArrivalsOut):
    by_type: list[TypeArrivalsOut] = Field(
        description="By ticket type, of those that were booked; empty of an event without types."
    )
    bookings_to_come: int = Field(description="Bookings of whom nobody is in.")
    doors: list[DoorFiguresOut]
    minutes: int = Field(description="Length of each span.")
    spans: list[SpanFiguresOut] = Field(description="From the first arrival to the last.")
    conflicts: list[CheckInOut] = Field(
        description="Scans by which devices without network let in whom they should not have."
    )


class DoorGuestOut(Payload):
    booking_id: int
    reference_hash: str = Field(
        description="The first 72 bits of the SHA-256 of the booking's reference, in base64url."
    )
    name: str
    seats: int = Field(description="That it takes; none once it is cancelled.")
    left: int = Field(
        description="Seats with higher numbers that it had once: given back, or to somebody else."
    )
    ticket_type: str = Field(
        description="Name of the seats' ticket type when the guest was told; empty where the event"
        " has none."
    )
    ticket_type_id: int | None = Field(
        description="Which of the list's `ticket_types` it is; null for the default one."
    )
    seats_in: list[EarlierOut]


class DoorTicketTypeOut(Payload):
    id: int
    name: str
    is_default: bool = Field(description="Also of guests whose `ticket_type_id` is null.")


class DoorConflictOut(Payload):
    id: UUID = Field(description="Of the scan.")
    booking_id: int | None
    name: str
    reason: NotValid | None = Field(description="None if the seats were in already.")
    let_in: int
    admitted: int
    at: datetime
    door: str
    actor: str
    seats_in: list[EarlierOut]


class GuestListOut(Payload):
    guests: list[DoorGuestOut] = Field(
        description="A page of all guests, or those that have changed since the cursor."
    )
    cursor: str = Field(description="Ask with it as `after` next time.")
    is_last: bool = Field(description="Whether this is all that is known now.")
    conflicts: list[DoorConflictOut] = Field(description="Of the last seconds.")
    event_is_cancelled: bool
    ticket_types: list[DoorTicketTypeOut] = Field(
        description="The event's as they are called now: one may be renamed after its guests were "
        "told. None where the event has none."
    )
    signing_keys: list[str] = Field(
        description="Keys of this event's codes in hexadecimal, the newest first: they tell codes "
        "that were sold after the list was fetched from others."
    )
    now: datetime
    until: datetime = Field(description="When a device must have forgotten the list.")


class GuestListQuery(Payload):
    after: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The cursor of the last answer; none for the whole list."
    )
