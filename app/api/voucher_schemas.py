"""Schemas of an event's vouchers."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.fields import Count, Cursor, Id, Limit, Line, Moment, Payload, Search, without_defaults
from app.api.schemas import Email
from app.models import PriceEffect
from app.models.event import MAX_PRICE_MINOR
from app.models.voucher import MAX_AT_ONCE, MAX_CODE, MAX_NOTE, MAX_USES

EFFECT = (
    "What it does to the price of a seat: `amount_off` takes `price_value` of the currency's"
    " smallest unit off, `percent_off` so many per cent, and with `fixed_price` a seat costs"
    " `price_value`. Null: nothing."
)


class VoucherOut(Payload):
    id: int
    event_id: int
    code: str = Field(
        description="Told from others by its letters as they are read aloud: capitals or not, with"
        " hyphens or not, O as 0, I and L as 1, U as V."
    )
    max_uses: int = Field(description="How many orders may use it.")
    used: int = Field(description="How many orders have seats with it.")
    valid_until: datetime | None
    email: str | None = Field(
        description="Of the one person whom it is for; null: anybody, or a key without emails."
    )
    for_one_person: bool
    ticket_type_id: int | None = Field(
        description="The one type that it is for, which may be hidden; null: any that is offered."
    )
    price_effect: PriceEffect | None = Field(description=EFFECT)
    price_value: int | None
    hold_id: int | None = Field(
        description="The hold that its seats come from, also before sales open; null: those on"
        " sale."
    )
    note: str
    withdrawn: bool
    created_at: datetime


class VouchersOut(Payload):
    vouchers: list[VoucherOut] = Field(description="The newest first.")


class VoucherFacts(Payload):
    """What an organiser can say of a voucher."""

    max_uses: Annotated[Count, Field(ge=1, le=MAX_USES)] = Field(
        1, description="How many orders may use it, each for as many seats as orders may have."
    )
    valid_until: Moment | None = None
    email: Email | None = Field(None, description="Of the one person whom it is for.")
    ticket_type_id: Id | None = Field(None, description="The one type that it is for.")
    price_effect: PriceEffect | None = Field(None, description=EFFECT)
    price_value: Annotated[Count, Field(ge=0, le=MAX_PRICE_MINOR)] | None = None
    hold_id: Id | None = Field(
        None,
        description="The hold that its seats come from, instead of those on sale, also before sales"
        " open.",
    )
    note: Annotated[Line, Field(max_length=MAX_NOTE)] = ""


class VoucherIn(VoucherFacts):
    code: Annotated[Line, Field(max_length=MAX_CODE)] | None = Field(
        None, description="4 to 30 letters and digits, and hyphens; without it, a random one."
    )


class VouchersIn(VoucherFacts):
    count: Annotated[Count, Field(ge=1, le=MAX_AT_ONCE)]


class VoucherChange(VoucherFacts):
    """Any of a voucher's facts; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=without_defaults)


class VouchersQuery(Payload):
    q: Search = Field("", description="A part of a code, an email or a note.")
    limit: Limit = 50
    after: Cursor = None
