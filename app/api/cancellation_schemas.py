"""Schemas of the API calls that give seats back."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.api.fields import Count, Flag, Payload, Seats
from app.models.event import MAX_PRICE_MINOR
from app.services.seat_refunds import RefundBy

ADMITTED_TOO = "Of staff: also seats that were admitted at the door."
REFUND = (
    "Of staff: how much comes back of what was paid here, all of it by default, or by the event's"
    " `refund_rule`, which holds for guests."
)
REFUND_MINOR = (
    "Of staff, instead of `refund`: how much comes back, in the currency's smallest unit."
)
SEEN = (
    "Of guests: what they were told that comes back of one seat. If it is less by now, nothing is"
    " given back, and 409 `refund-changed` tells what it is."
)
MAX_REFUND = MAX_PRICE_MINOR * 1_000


class BookingChange(Payload):
    seats: Seats = Field(description="How many seats to keep; the others go back on sale.")
    admitted_too: Flag = Field(False, description=ADMITTED_TOO)
    refund: RefundBy | None = Field(None, description=REFUND)
    refund_minor: Annotated[Count, Field(ge=0, le=MAX_REFUND)] | None = Field(
        None, description=REFUND_MINOR
    )
    seen_refund_minor: Annotated[Count, Field(ge=0, le=MAX_REFUND)] | None = Field(
        None, description=SEEN
    )


class CancellationQuery(Payload):
    admitted_too: bool = Field(False, description=ADMITTED_TOO)
    refund: RefundBy | None = Field(None, description=REFUND)
    refund_minor: int | None = Field(None, ge=0, le=MAX_REFUND, description=REFUND_MINOR)
    seen_refund_minor: int | None = Field(None, ge=0, le=MAX_REFUND, description=SEEN)


class CancelledOut(Payload):
    booking_id: int
    status: Literal["CANCELLED"]


class RefundPeriodOut(Payload):
    until: datetime
    percent: int


class SeatRefundOut(Payload):
    """What comes back of one seat that is given back now."""

    price_minor: int
    refund_minor: int | None = Field(
        description="In the currency's smallest unit, rounded up. Null if nothing was paid here for"
        " it, or it stands no more."
    )
    currency: str
    periods: list[RefundPeriodOut] = Field(
        description="How much of the price comes back until when, from now on, by what was agreed"
        " at booking or a later rule that gives more."
    )
