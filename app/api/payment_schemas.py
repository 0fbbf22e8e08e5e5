"""Schemas of the API calls for payments and refunds."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel

from app.api.fields import MAX_ID, Count, Flag, Line, Payload, Search
from app.api.schemas import PagingQuery
from app.lib.payment_texts import MAX_REFERENCE
from app.models import PaymentProvider, RefundReason, RefundState

MAX_AMOUNT = 10**15
_EMAIL = Field(description="Null where the key may not see guests' emails.")
_BANK_REFERENCE = Field(description="As the guest gave it: a claim.")


class PaymentsToComeQuery(PagingQuery):
    q: Search = Field(
        "", description="A guest's name or email, a reference, a bank reference, or an amount."
    )


class PaymentToComeOut(Payload):
    booking_id: int = Field(description="The order's first booking that waits.")
    reference: str = Field(description="The order's.")
    guest: str
    user_email: str | None = _EMAIL
    amount_minor: int = Field(description="Of all bookings of the order, in the smallest unit.")
    currency: str
    reserved_until: datetime
    is_reserved: bool = Field(description="Whether its seats still wait for the payment.")
    bank_reference: str | None = _BANK_REFERENCE


class PaymentsToComeOut(RootModel[list[PaymentToComeOut]]):
    pass


class PaymentIn(Payload):
    provider: Literal[PaymentProvider.TRANSFER, PaymentProvider.UPI, PaymentProvider.DOOR]
    amount_minor: Annotated[Count, Field(ge=1, le=MAX_AMOUNT)] = Field(
        description="What has come, in the smallest unit; it is compared with the order."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    bank_reference: Annotated[Line, Field(max_length=MAX_REFERENCE)] = Field(
        "", description="As in the statement; of UPI 12 digits. Cash (`door`) needs none."
    )
    also_wrong: Flag = Field(
        False, description="Take another amount than the order's, as owed back."
    )


class RefundOut(Payload):
    id: int
    payment_id: int
    amount_minor: int
    currency: str
    state: RefundState
    reason: RefundReason
    created_at: datetime
    done_at: datetime | None


class PaymentOut(Payload):
    id: int
    booking_id: int = Field(description="The order's first booking.")
    reference: str
    provider: PaymentProvider
    bank_reference: str | None = Field(description="As in the statement.")
    amount_minor: int
    currency: str
    paid_at: datetime
    refunds: list[RefundOut] = Field(description="What is owed of it, or was paid back.")
    kept_minor: int = Field(description="What is kept of it for seats that were given back.")


class PaymentsOut(RootModel[list[PaymentOut]]):
    pass


class MoneyOut(Payload):
    """Figures in one currency, in its smallest unit."""

    booked: int = Field(
        description="What the standing bookings cost; nothing stands of a cancelled event."
    )
    fees: int = Field(description="The part of `booked` that is fees.")
    to_come: int = Field(description="What the reserved ones cost.")
    paid: int = Field(description="All that has come by payments.")
    refunded: int = Field(description="What of it was paid back.")
    owed: int = Field(description="What of it is to be paid back.")
    kept: int = Field(description="What of it the organiser keeps for seats that were given back.")


class PaymentFiguresOut(MoneyOut):
    currency: str
    other_currencies: dict[str, MoneyOut] = Field(
        description="By currency, if somebody paid in another than the event's: it is owed back."
    )


class RefundsQuery(PagingQuery):
    event_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    state: Literal["OWED", "PAID_BACK"] = "OWED"


class OwedOut(RefundOut):
    booking_id: int
    reference: str
    guest: str
    user_email: str | None = _EMAIL
    provider: PaymentProvider = Field(description="How the money came.")
    bank_reference: str | None
    waits_until: datetime | None = Field(
        description="When its provider is asked to pay it back; null once it was, or if staff do."
    )
    refusal: str | None = Field(
        description="Why its provider won't, or why what it sent did not arrive."
    )


class RefundsOut(RootModel[list[OwedOut]]):
    pass
