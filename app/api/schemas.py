"""Schemas of the API's requests and responses; the OpenAPI document is generated from them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, EmailStr, Field, RootModel, field_validator

from app.api.fields import (
    UNSET,
    Count,
    Cursor,
    Flag,
    Id,
    Limit,
    Line,
    Moment,
    Payload,
    Search,
    Seats,
    Text,
    without_defaults,
)
from app.api.ticket_type_schemas import TYPE_ID, TYPE_NAME, Items, TicketTypeOut
from app.models.booking import MAX_SEATS
from app.models.defaults import default_currency
from app.models.event import (
    MAX_CAPACITY,
    MAX_PAYMENT_MINUTES,
    MAX_PAYMENT_NOTE,
    MAX_PRICE_MINOR,
)
from app.services.accounts import MAX_PASSWORD, MIN_PASSWORD

IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
# The minimum length is checked by the service, which has the message for it.
PASSWORD = Field(
    strict=True, max_length=MAX_PASSWORD, json_schema_extra={"minLength": MIN_PASSWORD}
)
PRICE = Field(
    description="Price of a seat in the currency's smallest unit by ISO 4217: 50000 is 500 rupees,"
    " 50,000 yen or 50 Kuwaiti dinars."
)
CURRENCY = Field(description="ISO 4217 code.")
PAYMENT_NOTE = Field(
    description="How a seat is paid, in the organiser's words; empty: at the door, if it costs"
    " anything. Nothing is charged here."
)
PAYMENT_MINUTES = Field(
    description="Minutes within which seats that cost something are to be paid: until then they are"
    " reserved, and on sale again after that. Null: they are confirmed at once."
)
REMINDS_GUESTS = Field(
    description="Whether everybody with a booking gets a letter on the day before."
)
Email = Annotated[EmailStr, Field(max_length=254)]


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


class EventOut(Payload):
    id: int
    name: str
    slug: str
    venue: str
    address: str
    city: str
    category: str
    description: str
    time_zone: str
    start_at: datetime
    end_at: datetime | None
    capacity: int
    seats_available: int
    seats_held: int = Field(description="Held back from sale by the organiser.")
    price_minor: int = Field(
        description=f"{PRICE.description} With ticket types, the lowest that is offered."
    )
    highest_price_minor: int | None = Field(
        description="The highest price that is offered; null if all seats have one price."
    )
    currency: str = CURRENCY
    payment_note: str = PAYMENT_NOTE
    payment_minutes: int | None = PAYMENT_MINUTES
    max_per_person: int | None
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    cancel_until: datetime | None
    status: Literal["draft", "published", "cancelled"]
    sales_paused: bool
    reminds_guests: bool = REMINDS_GUESTS
    sale_state: Literal[
        "open", "sold_out", "not_open", "paused", "closed", "ended", "cancelled", "draft"
    ]
    phase: Literal["upcoming", "under_way", "over"] = Field(
        description="Where it stands in time; over at `end_at`, or some hours after the start."
    )
    ticket_types: list[TicketTypeOut] = Field(
        [],
        description="The types that are offered, in the order of the event's page. Empty: one"
        " implicit type, the event's own price.",
    )
    created_at: datetime
    updated_at: datetime

    @field_validator("sale_state", "phase", mode="before")
    @classmethod
    def _call_if_callable(cls, value: object) -> object:
        return value() if callable(value) else value


class EventsOut(RootModel[list[EventOut]]):
    pass


EVENT_SEARCH = Field(
    "",
    description="Words in name, venue, city, category or description; typos are forgiven. A word "
    "may also be a filter, as on the site: a price (free), a day or days by the site's clock "
    "(today, tomorrow, saturday, weekend, next weekend, this week, next month, december). "
    "Events are found that have the word or fit the filter.",
)


class EventsQuery(Payload):
    limit: Limit = 50
    upcoming_only: bool = Field(True, description="Leave out what is over.")
    q: Search = EVENT_SEARCH
    after: Cursor = None


class EventFacts(Payload):
    """What an organiser can say of an event."""

    venue: Annotated[Line, Field(max_length=200)] = ""
    address: Annotated[Line, Field(max_length=300)] = ""
    city: Annotated[Line, Field(max_length=100)] = ""
    category: Annotated[Line, Field(max_length=60)] = ""
    description: Annotated[Text, Field(max_length=20_000)] = ""
    time_zone: Annotated[Line, Field(max_length=64)] = "Asia/Kolkata"
    end_at: Moment | None = None
    price_minor: Annotated[Count, Field(ge=0, le=MAX_PRICE_MINOR)] = Field(
        0, description=PRICE.description
    )
    currency: Annotated[Line, Field(min_length=3, max_length=3)] = Field(
        default_factory=default_currency,
        description=f"{CURRENCY.description} By default the site's. It can't change once anything"
        " was booked, and comes with a price_minor where the event has a price.",
    )
    payment_note: Annotated[Line, Field(max_length=MAX_PAYMENT_NOTE)] = Field(
        "", description=PAYMENT_NOTE.description
    )
    payment_minutes: Annotated[Count, Field(ge=1, le=MAX_PAYMENT_MINUTES)] | None = Field(
        None, description=PAYMENT_MINUTES.description
    )
    max_per_person: Annotated[Count, Field(ge=1, le=MAX_SEATS)] | None = None
    sales_open_at: Moment | None = None
    sales_close_at: Moment | None = None
    sales_paused: Flag = Field(False, description="Sell nothing until it is false again.")
    cancel_until: Moment | None = None
    reminds_guests: Flag = Field(False, description=REMINDS_GUESTS.description)
    seats_held: Annotated[Count, Field(ge=0, le=MAX_CAPACITY)] = Field(
        0, description="Seats held back from sale; fewer releases some."
    )
    status: Literal["draft", "published", "cancelled"] = "published"


Name = Annotated[Line, Field(min_length=1, max_length=200)]
Capacity = Annotated[Count, Field(ge=1, le=MAX_CAPACITY)]


class EventIn(EventFacts):
    name: Name
    start_at: Moment
    capacity: Capacity


class EventChange(EventFacts):
    """Any of an event's facts; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: Name = ""
    start_at: Moment = UNSET
    capacity: Capacity = 0


class DeletionQuery(Payload):
    force: bool = Field(False, description="Also cancel the confirmed bookings.")


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
    price_minor: int = Field(description="Price of one seat, as it was when it was booked.")
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
