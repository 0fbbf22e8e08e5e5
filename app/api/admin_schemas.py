"""Schemas of the API calls for staff."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from app.api.event_schemas import EVENT_SEARCH, Name
from app.api.fields import MAX_ID, Cursor, Day, Flag, Id, Limit, Line, Moment, Payload, Search
from app.api.payment_schemas import MoneyOut
from app.api.schemas import Email, EventBookingOut, PagingQuery, State
from app.models.booking import BookingStatus

RoleName = Literal["door", "viewer", "organiser", "owner"]


class SearchQuery(PagingQuery):
    q: Search = ""


class AdminEventsQuery(Payload):
    limit: Limit = 50
    q: Search = EVENT_SEARCH
    past: bool = Field(False, description="Those that are over instead of those to come.")
    after: Cursor = None


class CopyIn(Payload):
    name: Name
    start_at: Moment | None = Field(
        None,
        description="The copy's start, with which its other moments move by the local clock; "
        "without it, they stay as they are.",
    )


class StaffKeyIn(Payload):
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    role: RoleName
    sees_emails: Flag = Field(False, description="Whether a viewer sees guests' emails.")
    event_ids: Annotated[list[Id], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The only events that the key opens; null for all."
    )
    expires_at: Moment | None = None


class StaffKeyOut(Payload):
    id: int
    name: str
    role: RoleName
    last_four: str
    created_at: datetime
    last_used_at: datetime | None
    sees_emails: bool
    event_ids: list[int] | None
    expires_at: datetime | None


class NewStaffKeyOut(StaffKeyOut):
    key: str = Field(description="Told this once.")


class StaffKeysOut(RootModel[list[StaffKeyOut]]):
    pass


class GuestsQuery(PagingQuery):
    event_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    status: BookingStatus | None = None
    state: State | None = None
    q: Search = Field(
        "",
        description="Words in a name, an email or an event, a reference, or a ticket's code.",
    )


class GuestOut(EventBookingOut):
    event_name: str
    event_start_at: datetime


class GuestChangeIn(Payload):
    """What is left out stays as it is."""

    email: Email | None = None
    name: Annotated[Line, Field(max_length=100)] | None = None
    seen_email: Email | None = Field(None, description="The guest's email as it was seen.")
    seen_name: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="The guest's name as it was seen."
    )


class GuestsOut(RootModel[list[GuestOut]]):
    pass


class AuditEntryOut(Payload):
    id: int
    at: datetime
    actor: str = Field(description="The name of the key.")
    action: str
    subject: str
    subject_id: int | None
    subject_name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditEntriesOut(RootModel[list[AuditEntryOut]]):
    pass


class SalesQuery(Payload):
    from_: Day | None = Field(None, alias="from", description="First day.")
    to: Day | None = Field(None, description="Last day, included.")


class SumsOut(Payload):
    bookings: int
    seats: int
    cancellations: int
    seats_back: int = Field(description="Seats given back.")
    booked_value: dict[str, int] = Field(
        description="What the seats booked in this time cost, in smallest units by currency. What"
        " was paid, and what is booked now, tells `money`."
    )
    booked_value_back: dict[str, int] = Field(
        description="What the seats given back had cost, likewise."
    )


class DaySalesOut(SumsOut):
    day: date


_MONEY = "by currency, never added across currencies; empty if nothing is paid here."


class EventSalesOut(SumsOut):
    event_id: int
    name: str
    money: dict[str, MoneyOut] = Field(description=f"Of the event as of now, {_MONEY}")


class SalesOut(Payload):
    first: date
    last: date
    at: datetime
    total: SumsOut
    money: dict[str, MoneyOut] = Field(
        description=f"Of all events that are paid here, as of now and not of the span, {_MONEY}"
    )
    before: SumsOut = Field(description="Of as many days before the first.")
    days: list[DaySalesOut]
    events: list[EventSalesOut]


class ReconciliationIn(Payload):
    after: Annotated[int, Field(strict=True, ge=0, le=10**18 - 1)] = 0
    repair: Flag = True


class MoneyFaultsOut(Payload):
    """How many rows break each rule of money."""

    unpaid: int = Field(
        description="Bookings that are confirmed, were to be paid first, and have no payment."
    )
    without_seats: int = Field(
        description="Payments that have brought no seats, and are not owed back."
    )
    above: int = Field(description="Payments of which more is paid back than has come.")
    differing: int = Field(
        description="Payments of which something else stays than their seats cost."
    )
    stuck: int = Field(
        description="Refunds that their provider owes for more than a day; not broken."
    )


class FindingOut(Payload):
    event_id: int
    name: str
    capacity: int
    seats_available: int
    seats_held: int
    seats_booked: int
    seats_named: int = Field(description="Of those held back, the seats of named holds.")
    miscounted_types: int = Field(
        description="Ticket types that count other seats as taken than their bookings have."
    )
    miscounted_vouchers: int = Field(
        description="Vouchers that count other uses than orders take seats with them."
    )
    unforeseen: int = Field(
        description="Reservations that end before the event's row says that any does."
    )
    tokens: str | None
    money: MoneyFaultsOut
    broken: bool


class ReconciliationOut(Payload):
    events: int = Field(description="How many were checked.")
    findings: list[FindingOut]
    redis_answered: bool
    last: int | None = Field(description="To go on after; null when all are checked.")


class SampleOut(Payload):
    at: int = Field(description="Seconds since 1970.")
    booked: int
    seats: int
    replayed: int
    sold_out: int
    refused: int
    busy: int
    failed: int
    left: int | None = Field(description="Seats left at its end, where somebody looked.")


class LiveSalesOut(Payload):
    at: datetime
    seats_available: int
    seats_held: int
    tokens: int | None = Field(description="Seats left by the gate.")
    queue: int | None = Field(description="Orders that wait at the desks of all processes.")
    processes: int | None
    beats: list[SampleOut]


class AnalyticsQuery(Payload):
    from_: Day | None = Field(None, alias="from", description="First day, by the site's clock.")
    to: Day | None = Field(None, description="Last day, by the site's clock, included.")


class TotalsOut(Payload):
    confirmed_bookings: int
    seats_sold: int
    cancellations: int
    capacity: int
    seats_available: int


class EventFiguresOut(TotalsOut):
    event_id: int
    name: str
    start_at: datetime
    status: str
    utilisation: float = Field(description="Seats taken now, per cent of those not held back.")


class DayFiguresOut(Payload):
    day: date
    bookings: int
    seats: int
    cancellations: int


class AnalyticsOut(Payload):
    totals: TotalsOut
    events: list[EventFiguresOut]
    days: list[DayFiguresOut]


class RehearsalRemovedOut(Payload):
    events: int
    bookings: int
    users: int
    kept: int = Field(
        description="Bookings of the rehearsal's event that other people made; they stay."
    )


class SeededOut(Payload):
    created: list[str]
    present: list[str]
