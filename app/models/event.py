"""An event: its facts, when its seats are on sale, and how many are left."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    case,
    false,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.lib.fees import ALL, MAX_COST_MINOR, Fee, SeatCost, fee_of
from app.lib.folding import folded_sql, slug_of
from app.lib.names import tidy_line, tidy_text
from app.lib.refund_steps import Period, periods_of, steps_of
from app.models.columns import CreatedAt, Key, Timestamp, kept_text, now
from app.models.defaults import default_currency

MAX_CAPACITY = 10_000_000
MAX_PRICE_MINOR = MAX_COST_MINOR
"""Fits the column. In rupees a higher price is a typing error, in rupiah it is a dear seat."""
MAX_FEE_BASIS_POINTS = ALL
MAX_PAYMENT_NOTE = 200
MAX_PAYMENT_MINUTES = 30 * 24 * 60
MAX_TAX_BP = 9_999
TAKEN_SLUGS = {"seats", "bookings"}
"""Slugs that would clash with URLs below an event's own, such as `/events/7/seats`."""


# Their indexes, ix_events_folded_titles and ix_events_folded_words, are only in the migrations:
# Alembic can't compare such expressions.
_TITLES = "name || ' ' || venue || ' ' || city || ' ' || category"
_WORDS = folded_sql(f"{_TITLES} || ' ' || description")
_WORDS = f"to_tsvector('simple'::regconfig, {_WORDS})"
SEARCHED_TITLES: ColumnElement[str] = literal_column(f"({folded_sql(_TITLES)})", String)
"""Folded text for trigram searches, which tolerate typing errors."""
SEARCHED_WORDS: ColumnElement[Any] = literal_column(f"({_WORDS})", TSVECTOR)
"""Text for full-text searches by whole words, folded."""


class EventStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Where an event stands in time, whatever its sales do."""

    UPCOMING = "upcoming"
    UNDER_WAY = "under_way"
    OVER = "over"


class SaleState(StrEnum):
    """Whether seats can be bought now and, if not, why."""

    OPEN = "open"
    SOLD_OUT = "sold_out"
    NOT_OPEN = "not_open"
    PAUSED = "paused"
    CLOSED = "closed"
    ENDED = "ended"
    CANCELLED = "cancelled"
    DRAFT = "draft"


class Timed(Protocol):
    start_at: datetime
    end_at: datetime | None


class Sellable(Timed, Protocol):
    """The facts that decide whether an event sells; an `Event` and a locked row have them."""

    status: str
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    sales_paused: bool


NIGHT = timedelta(hours=6)
_default_length = timedelta(hours=3)


def set_default_length(length: timedelta) -> None:
    """Set for this process how long an event lasts for which no end is given."""
    global _default_length  # noqa: PLW0603 - a setting of the site, needed without its settings
    _default_length = length


def ends_at(event: Timed) -> datetime:
    """When the event is over: at its end or, without one, after the default length."""
    return event.end_at or event.start_at + _default_length


def night_ends(day_begins: datetime) -> datetime:
    """When the night into a day is over: what ends by then, at six, belongs to the day before."""
    return day_begins + NIGHT


def sales_end_at(event: Sellable) -> datetime:
    """When sales close: at the start, unless the organiser says otherwise; at the end at most."""
    return min(event.sales_close_at or event.start_at, ends_at(event))


def sale_state(event: Sellable, seats_available: int, at: datetime) -> SaleState:
    """Return an event's sale state, used by pages, API and ledger.

    `Event.are_on_sale` says the same in SQL for an open sale.
    """
    if event.status != EventStatus.PUBLISHED:
        return SaleState(event.status)
    if at >= ends_at(event):
        return SaleState.ENDED
    if event.sales_open_at and at < event.sales_open_at:
        return SaleState.NOT_OPEN
    if at >= sales_end_at(event):
        return SaleState.CLOSED
    if event.sales_paused:
        return SaleState.PAUSED
    return SaleState.OPEN if seats_available > 0 else SaleState.SOLD_OUT


def fill_rate(sold: int, sellable: int) -> float:
    """Seats sold in per cent of those that can be; the only definition of that figure."""
    return round(100 * sold / sellable, 1) if sellable else 0.0


def new_incarnation() -> int:
    """Return 48 random bits, for `Event.incarnation`."""
    return secrets.randbits(48)


class Event(Model):
    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("capacity BETWEEN 1 AND 10000000", "capacity_in_range"),
        CheckConstraint("seats_available >= 0", "seats_not_negative"),
        CheckConstraint("seats_available + seats_held <= capacity", "seats_within_capacity"),
        CheckConstraint("seats_held >= 0", "held_not_negative"),
        CheckConstraint("price_minor >= 0", "price_not_negative"),
        CheckConstraint(
            f"fee_minor BETWEEN 0 AND {MAX_PRICE_MINOR}"
            f" AND fee_basis_points BETWEEN 0 AND {MAX_FEE_BASIS_POINTS}",
            "fee_in_range",
        ),
        CheckConstraint(
            f"payment_minutes BETWEEN 1 AND {MAX_PAYMENT_MINUTES}", "payment_minutes_in_range"
        ),
        CheckConstraint(f"tax_bp BETWEEN 0 AND {MAX_TAX_BP}", "tax_rate_in_range"),
        CheckConstraint("max_per_person >= 1", "max_per_person_positive"),
        CheckConstraint("version >= 1", "version_positive"),
        CheckConstraint("end_at > start_at", "ends_after_start"),
        CheckConstraint("sales_close_at > sales_open_at", "sales_close_after_open"),
        CheckConstraint("status IN ('draft', 'published', 'cancelled')", "status_known"),
        CheckConstraint("length(btrim(name)) > 0", "name_not_blank"),
        Index(
            "ix_events_start_at_id", "start_at", "id", postgresql_where=text("deleted_at IS NULL")
        ),
        Index(
            "ix_events_next_expiry_at",
            "next_expiry_at",
            postgresql_where=text("next_expiry_at IS NOT NULL"),
        ),
        Index("ix_events_end_at", "end_at", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))
    venue: Mapped[str] = mapped_column(String(200), server_default="")
    address: Mapped[str] = mapped_column(String(300), server_default="")
    city: Mapped[str] = mapped_column(String(100), server_default="")
    category: Mapped[str] = mapped_column(String(60), server_default="")
    description: Mapped[str] = mapped_column(String(20_000), server_default="")
    time_zone: Mapped[str] = mapped_column(String(64), server_default="Asia/Kolkata")
    start_at: Mapped[Timestamp]
    end_at: Mapped[Timestamp | None]

    capacity: Mapped[int]
    seats_available: Mapped[int]
    seats_held: Mapped[int] = mapped_column(default=0, server_default="0")
    """Seats held back by the organiser: neither sold nor on sale until released."""
    price_minor: Mapped[int] = mapped_column(server_default="0")
    """Price of a seat; where the event has ticket types, the lowest of those that it offers."""
    highest_price_minor: Mapped[int | None]
    """The highest price of its ticket types, if their prices differ."""
    fee_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    """Fee of each seat that costs something: this amount, and the share below."""
    fee_basis_points: Mapped[int] = mapped_column(default=0, server_default="0")
    """Share of the ticket's price: 100 are one per cent."""
    fee_included: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the fee is a part of the ticket's price; else a buyer pays it on top."""
    has_types: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it has rows in `ticket_types`."""
    has_vouchers: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it ever had rows in `vouchers`: then its page offers to type a code."""
    currency: Mapped[str] = mapped_column(String(3), default=default_currency, server_default="INR")
    """ISO 4217; it can't change once anything was booked."""
    payment_note: Mapped[str] = mapped_column(String(MAX_PAYMENT_NOTE), server_default="")
    """How a seat is paid, in the organiser's words: nothing is charged here."""
    payment_minutes: Mapped[int | None]
    """Minutes within which seats that cost something are to be paid: until then they are reserved.
    None: they are confirmed at once, and paid at the door or however the note says."""
    tax_bp: Mapped[int | None]
    """The tax in its prices on receipts, in hundredths of a per cent; None: the site's rate."""
    tax_place: Mapped[str | None] = mapped_column(String(2))
    """In India: the code of the state where it takes place; None: the organiser's own."""
    next_expiry_at: Mapped[Timestamp | None]
    """No reservation of the event ends before this moment; None if there is none."""
    max_per_person: Mapped[int | None]
    sales_open_at: Mapped[Timestamp | None]
    sales_close_at: Mapped[Timestamp | None]
    sales_paused: Mapped[bool] = mapped_column(server_default=false())
    """Set by the organiser: nothing is sold until sales are resumed."""
    cancel_until: Mapped[Timestamp | None]
    refund_rule: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """How much of the price comes back on cancelling, as `refund_steps.steps_of` reads it. None:
    all of it, until the deadline. What stood before is in `refund_rules`."""
    reminds_guests: Mapped[bool] = mapped_column(server_default=false())
    """Whether guests get a letter the day before: the organiser's switch."""
    image_digest: Mapped[str | None] = mapped_column(
        ForeignKey("event_images.digest", ondelete="RESTRICT")
    )
    """The event's own picture; without one, a poster is drawn from its id."""
    status: Mapped[str] = mapped_column(String(12), server_default=EventStatus.PUBLISHED.value)

    calendar_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    """Raised when a fact changes that a calendar shows: the SEQUENCE of its entry there."""
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    """Incremented under the row lock at every change."""
    incarnation: Mapped[int] = mapped_column(BigInteger, default=new_incarnation)
    """Random; distinguishes the event from an earlier one with the same id, for cached versions."""

    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    deleted_at: Mapped[Timestamp | None]

    @validates("name", "venue", "address", "city", "category", "description")
    def _keep_text(self, field: str, text: str | None) -> str | None:
        return kept_text(field, text, tidy_text if field == "description" else tidy_line)

    @property
    def slug(self) -> str:
        """The name as a part of a URL."""
        slug = slug_of(self.name) or "event"
        return f"{slug}-event" if slug in TAKEN_SLUGS else slug

    @property
    def seats_sold(self) -> int:
        return self.capacity - self.seats_available - self.seats_held

    def has_expiry_by(self, at: datetime) -> bool:
        """Whether a reservation may have ended by `at` whose seats are not on sale again yet."""
        return self.next_expiry_at is not None and self.next_expiry_at <= at

    @property
    def fill_rate(self) -> float:
        """Seats sold in per cent of those that can be: those held back are nobody's yet."""
        return fill_rate(self.seats_sold, self.capacity - self.seats_held)

    @property
    def fee(self) -> Fee:
        return fee_of(self)

    def cost_of(self, ticket_minor: int) -> SeatCost:
        """What a seat costs its buyer whose ticket has this price, after vouchers."""
        return self.fee.cost_of(ticket_minor)

    @property
    def cost(self) -> SeatCost:
        """What a seat costs its buyer; with ticket types, the cheapest that it offers."""
        return self.cost_of(self.price_minor)

    @hybrid_property
    def total_minor(self) -> int:
        """What a seat costs its buyer, its fee included; with ticket types, the least."""
        return self.cost.price_minor

    @total_minor.inplace.expression
    @classmethod
    def _total_in_sql(cls) -> ColumnElement[int]:
        price = sql_cast(cls.price_minor, BigInteger)
        share = (price * cls.fee_basis_points + ALL // 2) // ALL
        added = func.least(price + cls.fee_minor + share, MAX_COST_MINOR)
        return case((or_(cls.fee_included, cls.price_minor == 0), price), else_=added)

    @property
    def total_fee_minor(self) -> int:
        """The part of `total_minor` that is the fee."""
        return self.cost.fee_minor

    @property
    def highest_total_minor(self) -> int | None:
        """The most that a seat costs its buyer, if its ticket types' prices differ."""
        highest = self.highest_price_minor
        return None if highest is None else self.cost_of(highest).price_minor

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.venue, self.city) if part)

    @property
    def ends_at(self) -> datetime:
        return ends_at(self)

    def phase(self, at: datetime | None = None) -> Phase:
        """Return where the event stands at `at`, by default now."""
        at = at or now()
        if self.is_over(at):
            return Phase.OVER
        return Phase.UNDER_WAY if at >= self.start_at else Phase.UPCOMING

    def is_over(self, at: datetime) -> bool:
        """Whether the event has ended; `are_over` and `are_to_come` say the same in SQL."""
        return at >= self.ends_at

    @classmethod
    def are_over(cls, at: Any) -> ColumnElement[bool]:
        """The condition that events are over; never NULL."""
        # Not `coalesce(end_at, ...)`, of which no index knows.
        return or_(
            and_(cls.end_at.is_not(None), cls.end_at <= at),
            and_(cls.end_at.is_(None), cls.start_at <= at - _default_length),
        )

    @classmethod
    def are_to_come(cls, at: Any) -> ColumnElement[bool]:
        """The condition that events are not over: to come or under way."""
        return or_(
            and_(cls.end_at.is_not(None), cls.end_at > at),
            and_(cls.end_at.is_(None), cls.start_at > at - _default_length),
        )

    @classmethod
    def take_place_from(cls, day_begins: datetime) -> ColumnElement[bool]:
        """The condition that events take place on this day or later, by `night_ends`."""
        return or_(cls.start_at >= day_begins, cls.are_to_come(night_ends(day_begins)))

    @classmethod
    def are_on_sale(cls, at: Any) -> ColumnElement[bool]:
        """The condition that seats can be bought: `sale_state` is open."""
        return and_(
            cls.status == EventStatus.PUBLISHED,
            cls.seats_available > 0,
            cls.are_to_come(at),
            func.coalesce(cls.sales_open_at, at) <= at,
            func.coalesce(cls.sales_close_at, cls.start_at) > at,
            cls.sales_paused.is_(False),
        )

    @hybrid_property
    def fell_out(self) -> bool:
        """Whether it is cancelled, or was deleted before its end: one deleted later took place."""
        if self.status == EventStatus.CANCELLED:
            return True
        return self.deleted_at is not None and not self.is_over(self.deleted_at)

    @fell_out.inplace.expression
    @classmethod
    def _fell_out_in_sql(cls) -> ColumnElement[bool]:
        deleted = and_(cls.deleted_at.is_not(None), cls.are_to_come(cls.deleted_at))
        return or_(cls.status == EventStatus.CANCELLED.value, deleted)

    @hybrid_property
    def cancellable_until(self) -> datetime:
        """The deadline for cancelling a booking; by default, the start of the event."""
        return self.cancel_until or self.start_at

    @cancellable_until.inplace.expression
    @classmethod
    def _cancellable_until_in_sql(cls) -> ColumnElement[datetime]:
        return func.coalesce(cls.cancel_until, cls.start_at)

    @property
    def tells_refunds(self) -> bool:
        """Whether guests are told before they book what comes back on cancelling: it costs
        something, and is paid here or has a rule."""
        has_rule = self.refund_rule is not None or self.payment_minutes is not None
        return has_rule and bool(self.price_minor or self.highest_price_minor)

    @property
    def refund_periods(self) -> list[Period]:
        """What of the price comes back until when on cancelling, to whoever books now."""
        rule = steps_of(self.refund_rule)
        return periods_of([rule], self.start_at, self.zone, self.cancellable_until)

    def sale_state(self, at: datetime | None = None) -> SaleState:
        """Return the sale state at `at`, by default now."""
        return sale_state(self, self.seats_available, at or now())
