"""Schemas of the API calls for receipts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel

from app.api.fields import MAX_ID, Payload
from app.api.schemas import PagingQuery


class ReceiptsQuery(PagingQuery):
    event_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    month: Annotated[str, Field(pattern="^[12][0-9]{3}-(0[1-9]|1[0-2])$")] | None = Field(
        None, description="As in 2026-11, by the site's clock."
    )


class ReceiptLineOut(Payload):
    ticket_type: str = Field(description="Empty for an event without types.")
    is_fee: bool = Field(description="Whether it is the fee of these seats.")
    seats: int | None = Field(description="Null where only the sum is known.")
    price_minor: int | None = Field(description="Of one seat, tax included; null in a credit note.")
    amount_minor: int


class ReceiptTaxOut(Payload):
    name: str
    rate: str = Field(description="In per cent, as in 9 or 2.5.")
    amount_minor: int


class ReceiptOut(Payload):
    id: int
    number: str
    kind: Literal["receipt", "credit_note"]
    corrects: str | None = Field(description="Of a credit note: the receipt's number.")
    issued_at: datetime
    payment_id: int
    refund_id: int | None
    event_id: int
    reference: str = Field(description="The order's.")
    buyer: str
    buyer_email: str | None = Field(description="Null where the key may not see guests' emails.")
    amount_minor: int = Field(
        description="What was paid, or paid back, tax included, in the smallest unit."
    )
    net_minor: int
    tax_minor: int
    currency: str
    lines: list[ReceiptLineOut]
    taxes: list[ReceiptTaxOut]


class ReceiptsOut(RootModel[list[ReceiptOut]]):
    pass
