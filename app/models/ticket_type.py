"""A ticket type of an event, as "General", "VIP" or "Student": its price, quota and sale window.

An event without rows here has one implicit type: its own price, all of its seats, no name. As soon
as it has a row it has a default type, which is meant where no type is named, also by the bookings
made before (their `ticket_type_id` is NULL).
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.lib.names import tidy_text
from app.models.columns import CreatedAt, Key, Timestamp, kept_text
from app.models.event import Event

MAX_TYPES = 20
"""Types of one event: its page offers them all."""
MAX_NAME = 60
MAX_DESCRIPTION = 300


class TypeState(StrEnum):
    """Whether a type can be bought while its event is on sale and, if not, why."""

    OPEN = "open"
    SOLD_OUT = "sold_out"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    """Only for those who have a code, and for staff."""


class TypeFacts(Protocol):
    """The facts that decide whether a type sells; a `TicketType` and the ledger's row have them."""

    quota: int | None
    taken: int
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    hidden: bool
    withdrawn: bool


def left_of(kind: TypeFacts, event_left: int) -> int:
    """How many seats of the type can be booked: of its quota, and never more than the event has."""
    return event_left if kind.quota is None else max(min(kind.quota - kind.taken, event_left), 0)


def type_state(
    kind: TypeFacts, event_left: int, at: datetime, *, opened: bool = False
) -> TypeState:
    """A type's state at `at`, within an event that is on sale; the one definition of that rule.

    A hidden type may be `opened` by a voucher.
    """
    if kind.withdrawn:
        return TypeState.WITHDRAWN
    if kind.hidden and not opened:
        return TypeState.HIDDEN
    if kind.sales_open_at and at < kind.sales_open_at:
        return TypeState.NOT_OPEN
    if kind.sales_close_at and at >= kind.sales_close_at:
        return TypeState.CLOSED
    return TypeState.OPEN if left_of(kind, event_left) > 0 else TypeState.SOLD_OUT


class TicketType(Model):
    __tablename__ = "ticket_types"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND (quota IS NULL OR taken <= quota)", "taken_within_quota"),
        CheckConstraint("quota BETWEEN 1 AND 10000000", "quota_in_range"),
        CheckConstraint("price_minor >= 0", "price_not_negative"),
        CheckConstraint("sales_close_at > sales_open_at", "sales_close_after_open"),
        CheckConstraint(
            "min_per_order BETWEEN 1 AND 1000 AND max_per_order BETWEEN min_per_order AND 1000",
            "per_order_in_range",
        ),
        CheckConstraint("length(btrim(name)) > 0", "name_not_blank"),
        UniqueConstraint("event_id", "id"),
        Index("uq_ticket_types_event_id_name", "event_id", text("lower(name)"), unique=True),
        Index(
            "uq_ticket_types_event_id_default",
            "event_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(server_default="0")
    """Its place on the page: lower comes first, then the older."""
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    description: Mapped[str] = mapped_column(String(MAX_DESCRIPTION), server_default="")
    price_minor: Mapped[int] = mapped_column(server_default="0")
    """Price of one seat, in the smallest unit of the event's currency."""
    quota: Mapped[int | None]
    """At most so many seats of this type, inside the event's capacity; None: the capacity alone."""
    taken: Mapped[int] = mapped_column(server_default="0")
    """Seats of its bookings that take seats."""
    sales_open_at: Mapped[Timestamp | None]
    sales_close_at: Mapped[Timestamp | None]
    """Its own sale window, inside the event's."""
    min_per_order: Mapped[int] = mapped_column(server_default="1")
    max_per_order: Mapped[int | None]
    hidden: Mapped[bool] = mapped_column(server_default=false())
    """Not offered on the page: for those who have a code, and for staff."""
    withdrawn: Mapped[bool] = mapped_column(server_default=false())
    """Not sold any more; its bookings stand. A type with bookings is never deleted."""
    is_default: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[CreatedAt]

    @validates("name", "description")
    def _keep_text(self, field: str, text: str | None) -> str | None:
        if field == "description":
            return kept_text(field, text, tidy_text)
        return kept_text(field, text)

    def left(self, event_left: int) -> int:
        """Seats of it that can be booked; `event_left` are those that the whole event has."""
        return left_of(self, event_left)

    def state(self, event_left: int, at: datetime, *, opened: bool = False) -> TypeState:
        """Its state while the event is on sale, whose seats left are `event_left`.

        A hidden type may be `opened` by a voucher.
        """
        return type_state(self, event_left, at, opened=opened)
