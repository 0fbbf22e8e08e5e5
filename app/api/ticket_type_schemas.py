"""Schemas of an event's ticket types, and of orders for them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.fields import Count, Flag, Id, Line, Moment, Payload, Seats, without_defaults
from app.models import TypeState
from app.models.event import MAX_CAPACITY, MAX_PRICE_MINOR
from app.models.ticket_type import MAX_DESCRIPTION, MAX_NAME, MAX_TYPES

TYPE_ID = Field(
    None, description="Id of the seats' ticket type; null where the event has no ticket types."
)
TYPE_NAME = Field(
    None, description="Name of the ticket type; null where the event has no ticket types."
)
STATE = Field(
    description="Whether it is sold while the event is on sale; hidden types are for staff to"
    " issue, withdrawn ones are not sold any more."
)
LEFT = Field(
    description="Seats of it that can be booked: of its quota, and never more than the event has;"
    " up to a second old."
)


class TicketTypeOut(Payload):
    """A ticket type as the event's page offers it."""

    id: int
    name: str
    description: str
    price_minor: int = Field(description="Price of a seat in the currency's smallest unit.")
    total_minor: int = Field(
        description="What a seat costs its buyer, all in: with the event's fee, if that is added."
    )
    total_fee_minor: int = Field(description="The part of `total_minor` that is the fee.")
    quota: int | None = Field(description="Most seats of this type; null: the event's capacity.")
    seats_available: int = LEFT
    state: TypeState = STATE
    sales_open_at: datetime | None = Field(description="Its sale window is within the event's.")
    sales_close_at: datetime | None
    min_per_order: int
    max_per_order: int | None
    is_default: bool = Field(description="Whether it is meant where no type is named.")


class TypeOfEventOut(TicketTypeOut):
    """A ticket type as its organiser sees it."""

    event_id: int
    position: int = Field(description="Its place on the event's page: lower comes first.")
    taken: int = Field(description="Seats of it that are booked.")
    hidden: bool
    withdrawn: bool


class TypesOfEventOut(Payload):
    ticket_types: list[TypeOfEventOut] = Field(
        description="In the order of the event's page, hidden and withdrawn ones too. Empty: one"
        " implicit type, the event's own price."
    )


TypeName = Annotated[Line, Field(min_length=1, max_length=MAX_NAME)]


class TypeFactsIn(Payload):
    """What an organiser can say of a ticket type."""

    description: Annotated[Line, Field(max_length=MAX_DESCRIPTION)] = ""
    price_minor: Annotated[Count, Field(ge=0, le=MAX_PRICE_MINOR)] = Field(
        0, description="Price of a seat in the currency's smallest unit."
    )
    quota: Annotated[Count, Field(ge=1, le=MAX_CAPACITY)] | None = Field(
        None, description="Most seats of this type; null: the event's capacity."
    )
    sales_open_at: Moment | None = None
    sales_close_at: Moment | None = None
    min_per_order: Seats = 1
    max_per_order: Seats | None = None
    hidden: Flag = Field(False, description="Not offered to buyers; staff issue it.")
    withdrawn: Flag = Field(False, description="Not sold any more; its bookings stand.")


class TypeIn(TypeFactsIn):
    name: TypeName


class TypeChange(TypeFactsIn):
    """Any of a type's facts; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: TypeName = ""
    position: Annotated[Count, Field(ge=0, le=1_000)] = 0


class ItemIn(Payload):
    ticket_type_id: Id
    seats: Seats


Items = Annotated[list[ItemIn], Field(min_length=1, max_length=MAX_TYPES)]
