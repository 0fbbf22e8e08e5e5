"""Schemas of events, as the API shows them and takes them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel, field_serializer, field_validator

from app.api.fields import (
    UNSET,
    Count,
    Cursor,
    Flag,
    Limit,
    Line,
    Moment,
    Payload,
    Search,
    Text,
    without_defaults,
)
from app.api.ticket_type_schemas import TicketTypeOut
from app.lib.refund_steps import ALL, MAX_HOURS, MAX_STEPS, Step, kept_of, steps_of
from app.lib.taxes import STATES
from app.models.booking import MAX_SEATS
from app.models.defaults import default_currency
from app.models.event import (
    MAX_CAPACITY,
    MAX_FEE_BASIS_POINTS,
    MAX_PAYMENT_MINUTES,
    MAX_PAYMENT_NOTE,
    MAX_PRICE_MINOR,
    MAX_TAX_BP,
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
TAX_BP = Field(
    description="The tax in its prices on receipts, in hundredths of a per cent; null: the site's."
)
TAX_PLACE = Field(
    description="Of India's GST: the code of the state where it takes place, as in 36; null: the "
    "organiser's own."
)
PAYMENT_MINUTES = Field(
    description="Minutes within which seats that cost something are to be paid: until then they are"
    " reserved, and on sale again after that. Null: they are confirmed at once."
)
FEE = Field(
    description="Fee of each seat that costs something, in the currency's smallest unit; 0: none."
)
FEE_BASIS_POINTS = Field(
    description="Fee as a share of the ticket's price, after vouchers: 100 are one per cent. Given"
    " with `fee_minor`, the fee is the sum of both; half a unit is rounded up, for each seat."
)
FEE_INCLUDED = Field(
    description="Whether the fee is a part of the ticket's price; else buyers pay it on top."
)
TOTAL = Field(
    description="What a seat costs its buyer, all in: the price, and the fee if it is added. With"
    " ticket types, the least of those that are offered."
)
TOTAL_FEE = Field(description="The part of `total_minor` that is the fee.")
REMINDS_GUESTS = Field(
    description="Whether everybody with a booking gets a letter on the day before."
)


REFUND_RULE = Field(
    description="How much of the price comes back on cancelling, in per cent, until so many hours"
    " before the start by the event's clock; the last step has none, and holds until"
    " `cancel_until`, or else the start. Each gives less than the one before it. Who booked under"
    " an earlier rule has that, where it gives more."
)


class RefundStep(Payload):
    hours_before: Annotated[Count, Field(ge=1, le=MAX_HOURS)] | None
    percent: Annotated[Count, Field(ge=0, le=ALL)]


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
    fee_minor: int = FEE
    fee_basis_points: int = FEE_BASIS_POINTS
    fee_included: bool = FEE_INCLUDED
    total_minor: int = TOTAL
    total_fee_minor: int = TOTAL_FEE
    highest_total_minor: int | None = Field(
        description="The most that a seat costs its buyer; null if all seats have one price."
    )
    currency: str = CURRENCY
    payment_note: str = PAYMENT_NOTE
    payment_minutes: int | None = PAYMENT_MINUTES
    tax_bp: int | None = TAX_BP
    tax_place: str | None = TAX_PLACE
    max_per_person: int | None
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    cancel_until: datetime | None
    refund_rule: list[RefundStep] = REFUND_RULE
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

    @field_validator("refund_rule", mode="before")
    @classmethod
    def _tell_default(cls, value: list[dict[str, int | None]] | None) -> object:
        return [step._asdict() for step in steps_of(value)]

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
    fee_minor: Annotated[Count, Field(ge=0, le=MAX_PRICE_MINOR)] = Field(
        0, description=FEE.description
    )
    fee_basis_points: Annotated[Count, Field(ge=0, le=MAX_FEE_BASIS_POINTS)] = Field(
        0, description=FEE_BASIS_POINTS.description
    )
    fee_included: Flag = Field(False, description=FEE_INCLUDED.description)
    currency: Annotated[Line, Field(min_length=3, max_length=3)] = Field(
        default_factory=default_currency,
        description=f"{CURRENCY.description} By default the site's. It can't change once anything"
        " was booked, and comes with a price_minor where the event has a price, and with a"
        " fee_minor where it has such a fee.",
    )
    payment_note: Annotated[Line, Field(max_length=MAX_PAYMENT_NOTE)] = Field(
        "", description=PAYMENT_NOTE.description
    )
    payment_minutes: Annotated[Count, Field(ge=1, le=MAX_PAYMENT_MINUTES)] | None = Field(
        None, description=PAYMENT_MINUTES.description
    )
    tax_bp: Annotated[Count, Field(ge=0, le=MAX_TAX_BP)] | None = Field(
        None, description=TAX_BP.description
    )
    tax_place: Annotated[str, Field(pattern=f"^({'|'.join(STATES)})$")] | None = Field(
        None, description=TAX_PLACE.description
    )
    max_per_person: Annotated[Count, Field(ge=1, le=MAX_SEATS)] | None = None
    sales_open_at: Moment | None = None
    sales_close_at: Moment | None = None
    sales_paused: Flag = Field(False, description="Sell nothing until it is false again.")
    cancel_until: Moment | None = None
    refund_rule: Annotated[list[RefundStep], Field(min_length=1, max_length=MAX_STEPS)] | None = (
        Field(None, description=f"{REFUND_RULE.description} Null: all, until then.")
    )
    reminds_guests: Flag = Field(False, description=REMINDS_GUESTS.description)
    seats_held: Annotated[Count, Field(ge=0, le=MAX_CAPACITY)] = Field(
        0, description="Seats held back from sale; fewer releases some."
    )
    status: Literal["draft", "published", "cancelled"] = "published"

    @field_serializer("refund_rule")
    def _as_kept(self, rule: list[RefundStep] | None) -> list[dict[str, int | None]] | None:
        """As an event keeps it: the default is None."""
        if rule is None:
            return None
        return kept_of([Step(step.hours_before, step.percent) for step in rule])


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
