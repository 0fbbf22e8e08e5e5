"""Schemas of the API's requests and responses; the OpenAPI document is generated from them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, EmailStr, Field, RootModel

from app.api.event_schemas import CURRENCY
from app.api.fields import (
    Count,
    Cursor,
    Id,
    Limit,
    Line,
    Payload,
    Search,
    Seats,
)
from app.api.ticket_type_schemas import TYPE_ID, TYPE_NAME, Items
from app.models.booking import MAX_SEATS
from app.models.event import MAX_PRICE_MINOR
from app.services.accounts import MAX_PASSWORD, MIN_PASSWORD

IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
# The minimum length is checked by the service, which has the message for it.
PASSWORD = Field(
    strict=True, max_length=MAX_PASSWORD, json_schema_extra={"minLength": MIN_PASSWORD}
)
Email = Annotated[EmailStr, Field(max_length=254)]
MAX_TOTAL_MINOR = MAX_PRICE_MINOR * MAX_SEATS


class ProblemOut(Payload):
    """RFC 9457: what went wrong. Some types carry more facts, such as `seats_available`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = Field(
        None, description="Names the request to the operator: of 429 and 5xx alone."
    )


class FieldError(Payload):
    field: str
    message: str


class InvalidOut(ProblemOut):
    errors: list[FieldError]


class BookingIn(Payload):
    user_id: Id | None = Field(
        None, description="Needed with the admin key, unless name and email are given."
    )
    event_id: Id
    seats: Seats = Field(1, description="Of the event's default ticket type.")
    items: Items | None = Field(
        None,
        description="Instead of `seats`: seats of several ticket types, each named once. All of"
        " them are booked, or none; each type makes a booking of its own.",
    )
    code: Annotated[Line, Field(max_length=60)] | None = Field(
        None,
        description="A voucher's code: it may open a hidden ticket type, change the price, or draw"
        " on seats held back. One order is one use.",
    )
    max_total_minor: Annotated[Count, Field(ge=0, le=MAX_TOTAL_MINOR)] | None = Field(
        None,
        description="The most that the whole order may cost, in the currency's smallest unit: what"
        " its buyer was shown. If it costs more by now, nothing is booked (409, `price-risen`).",
    )
    idempotency_key: IdempotencyKey | None = None
    name: Annotated[Line, Field(min_length=1, max_length=100)] | None = Field(
        None, description="With an email, instead of `user_id`: as it should stand on the ticket."
    )
    email: Email | None = Field(
        None,
        description="Books for whoever has this email, with an account or without; a new person is"
        " recorded with the booking. For callers who may act for any user.",
    )


Status = Literal["RESERVED", "CONFIRMED", "EXPIRED", "CANCELLED", "GIVEN_AWAY"]
RESERVED_UNTIL = Field(
    None, description="Until when its seats wait for the payment; null once it is confirmed."
)


class BookingFacts(Payload):
    booking_id: int
    status: Status
    user_id: int
    event_id: int
    seats: int
    reference: str


ORDER_REFERENCE = Field(
    None,
    description="Reference of the order's first booking, where one order made several: one for"
    " each ticket type.",
)


class OrderedOut(BookingFacts):
    """A booking as it was ordered; what is not known of it is left out."""

    ticket_type_id: int | None = TYPE_ID
    ticket_type: str | None = TYPE_NAME
    order_reference: str | None = ORDER_REFERENCE
    reserved_until: datetime | None = RESERVED_UNTIL
    ticket_url: str | None = Field(
        None,
        description="Of a booking by name and email alone: the ticket's secret address. Whoever has"
        " it can see the ticket and give its seats back.",
    )


class BookedOut(OrderedOut):
    also_booked: list[OrderedOut] = Field(
        [], description="The order's further bookings, where it was for several ticket types."
    )


State = Literal[
    "RESERVED",
    "CONFIRMED",
    "EXPIRED",
    "EVENT_CANCELLED",
    "CANCELLED",
    "GIVEN_BACK",
    "GIVEN_AWAY",
]


class BookingOut(BookingFacts):
    state: State = Field(
        description="The status, told apart: EVENT_CANCELLED while the organiser has cancelled the"
        " event or deleted it; GIVEN_BACK for some seats of a booking that stands for the others;"
        " GIVEN_AWAY for a booking whose last seat is a friend's, or was taken back from one."
    )
    price_minor: int = Field(
        description="What one seat costs its buyer, all in, as it was when it was booked."
    )
    fee_minor: int = Field(description="The part of `price_minor` that is the event's fee.")
    currency: str = CURRENCY
    ticket_type_id: int | None = TYPE_ID
    ticket_type: str | None = TYPE_NAME
    order_reference: str | None = ORDER_REFERENCE
    payment: str = Field(
        description="How it is paid, in words; empty where it is free. Nothing is charged here."
    )
    reserved_until: datetime | None = RESERVED_UNTIL
    created_at: datetime = Field(
        description="When it was booked; of one that was reserved first, when it was paid."
    )
    cancelled_at: datetime | None


class UserBookingOut(BookingOut):
    event_name: str
    event_start_at: datetime
    event_phase: Literal["upcoming", "under_way", "over"]


class UserBookingsOut(RootModel[list[UserBookingOut]]):
    pass


class EventBookingOut(BookingOut):
    user_name: str
    user_email: str | None = Field(description="Null where the key may not see guests' emails.")
    scanned_seat: int | None = Field(
        description="The seat's number, where `q` is the code of a ticket. A booking of fewer seats"
        " has no such seat."
    )
    issued_for: str | None = Field(description="Who seats are for that staff issued.")


class EventBookingsOut(RootModel[list[EventBookingOut]]):
    pass


class PagingQuery(Payload):
    limit: Limit = 50
    after: Cursor = None


class EventBookingsQuery(PagingQuery):
    status: Status | None = None
    state: State | None = None
    q: Search = Field(
        "",
        description="Words in a name or an email, a part of a reference, or a ticket's code.",
    )


class UserIn(Payload):
    email: Email
    name: Annotated[Line, Field(max_length=100)] = ""
    password: Annotated[str, PASSWORD] | None = None


class UserOut(Payload):
    id: int
    email: str
    name: str
    created_at: datetime


class LetterOut(Payload):
    letter_to: str = Field(description="The email to which a letter with a link is sent.")


class ListedUserOut(Payload):
    id: int
    email: str | None = Field(description="Null where the key may not see guests' emails.")
    name: str
    created_at: datetime


class UsersOut(RootModel[list[ListedUserOut]]):
    pass


class UsersQuery(PagingQuery):
    q: Search = ""


class HealthOut(Payload):
    status: Literal["ok"]


class ReadyOut(Payload):
    status: Literal["ok", "degraded", "unavailable"]
    database: str
    migrations: str
    redis: str
