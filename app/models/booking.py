"""A booking: seats of one event, confirmed for one user and possibly cancelled later."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    and_,
    case,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, validates

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp, kept_text
from app.models.event import Event, EventStatus
from app.models.references import spoken
from app.models.ticket_type import TicketType
from app.models.user import User

MAX_SEATS = 1_000
"""Maximum seats in one booking; a larger number is a typing error."""

MAX_ISSUED_FOR = 120


class BookingStatus(StrEnum):
    RESERVED = "RESERVED"
    """Its seats wait for the payment, until `reserved_until`."""
    CONFIRMED = "CONFIRMED"
    EXPIRED = "EXPIRED"
    """It was not paid in time: its seats are on sale again."""
    CANCELLED = "CANCELLED"
    GIVEN_AWAY = "GIVEN_AWAY"
    """Its last seat moved to another booking: to a friend's, or back to the giver's."""


class BookingState(StrEnum):
    """What a booking is to its guest: its status, and what became of its event."""

    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    EXPIRED = "EXPIRED"
    EVENT_CANCELLED = "EVENT_CANCELLED"
    """It stood when the organiser cancelled or deleted the event."""
    CANCELLED = "CANCELLED"
    """All of its seats were given back."""
    GIVEN_BACK = "GIVEN_BACK"
    """Some seats of a booking that stands for the others."""
    GIVEN_AWAY = "GIVEN_AWAY"
    """Its last seat was given to a friend, or was taken back from one."""


STATES = {
    state.value: state
    for state in (BookingState.RESERVED, BookingState.CONFIRMED, BookingState.EXPIRED)
}
"""By the status of the same name."""
TAKES_SEATS = (BookingStatus.CONFIRMED.value, BookingStatus.RESERVED.value)
TAKING = f"('{TAKES_SEATS[0]}', '{TAKES_SEATS[1]}')"


def takes_seats(status: Any) -> Any:
    """Return whether a booking of this status takes seats; the only definition of that rule.

    Given a column, it returns the SQL condition.
    """
    if isinstance(status, str):
        return status in TAKES_SEATS
    # Spelt out: a plan that is kept uses the partial indexes for constants alone.
    return status.bool_op("IN")(literal_column(TAKING))


def is_confirmed(status: Any) -> Any:
    """Return whether a booking of this status is confirmed, so that it lets people in.

    Given a column, it returns the SQL condition.
    """
    if isinstance(status, str):
        return status == BookingStatus.CONFIRMED.value
    return status == literal_column(f"'{BookingStatus.CONFIRMED.value}'")


class GivenBack(NamedTuple):
    """How often seats of a booking were given back, and when last."""

    times: int
    latest: datetime | None


def is_its_type() -> ColumnElement[bool]:
    """Whether a type is a booking's: the default one of bookings made before there were types."""
    by_default = and_(Booking.ticket_type_id.is_(None), TicketType.is_default)
    return and_(
        TicketType.event_id == foreign(Booking.event_id),
        or_(TicketType.id == foreign(Booking.ticket_type_id), by_default),
    )


class Booking(Model):
    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("seats BETWEEN 1 AND 1000", "seats_in_range"),
        CheckConstraint("fee_minor BETWEEN 0 AND price_minor", "fee_within_price"),
        CheckConstraint(
            "status IN ('RESERVED', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'GIVEN_AWAY')",
            "status_known",
        ),
        CheckConstraint(
            "CASE WHEN status IN ('RESERVED', 'EXPIRED') THEN reserved_until IS NOT NULL"
            " WHEN status IN ('CONFIRMED', 'GIVEN_AWAY') THEN reserved_until IS NULL ELSE true END",
            "reserved_until_paid",
        ),
        CheckConstraint(
            "(status = 'CANCELLED') = (cancelled_at IS NOT NULL)", "cancelled_when_cancelled"
        ),
        CheckConstraint(
            "(idempotency_key IS NULL) = (fingerprint IS NULL)", "fingerprint_with_key"
        ),
        # Of its own event. No index of its own: those of `event_id` find the few that matter.
        ForeignKeyConstraint(
            ["event_id", "ticket_type_id"],
            [TicketType.event_id, TicketType.id],
            name="fk_bookings_ticket_type",
            ondelete="RESTRICT",
        ),
        CheckConstraint(
            "(voucher_id IS NULL) = (voucher_order IS NULL)", "voucher_order_with_voucher"
        ),
        # Of its own event; by name, since vouchers are declared after bookings.
        ForeignKeyConstraint(
            ["event_id", "voucher_id"],
            ["vouchers.event_id", "vouchers.id"],
            name="fk_bookings_voucher",
            ondelete="RESTRICT",
        ),
        Index("uq_bookings_reference", "reference", unique=True),
        Index(
            "ix_bookings_voucher",
            "voucher_id",
            "voucher_order",
            postgresql_where=text("voucher_id IS NOT NULL"),
        ),
        Index(
            "ix_bookings_order_reference",
            "order_reference",
            postgresql_where=text("order_reference IS NOT NULL"),
        ),
        Index(
            "uq_bookings_user_id_idempotency_key",
            "user_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_bookings_user_id_id", "user_id", "id"),
        Index("ix_bookings_event_id_id", "event_id", "id"),
        Index(
            "ix_bookings_taking",
            "event_id",
            "user_id",
            postgresql_include=["seats"],
            postgresql_where=text(f"status IN {TAKING}"),
        ),
        Index(
            "ix_bookings_reserved",
            "event_id",
            "reserved_until",
            postgresql_where=text("status = 'RESERVED'"),
        ),
        Index("ix_bookings_created_at", "created_at"),
        Index(
            "ix_bookings_cancelled_at",
            "cancelled_at",
            postgresql_where=text("cancelled_at IS NOT NULL"),
        ),
        Index("ix_bookings_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
    )

    id: Mapped[Key]
    reference: Mapped[str] = mapped_column(String(20))
    # No cascade: bookings are kept when their user or event is deleted.
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="RESTRICT"))
    seats: Mapped[int]
    price_minor: Mapped[int] = mapped_column(server_default="0")
    """What one seat costs its buyer, all in, as it was at the time of booking."""
    fee_minor: Mapped[int] = mapped_column(server_default="0")
    """The part of `price_minor` that is the event's fee."""
    booked_in: Mapped[str | None] = mapped_column("currency", String(3))
    """The event's currency at the time of booking; None in bookings older than this column."""
    status: Mapped[str] = mapped_column(String(12), server_default=BookingStatus.CONFIRMED.value)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
    """When it was booked; of one that was reserved first, when it was confirmed."""
    reserved_until: Mapped[Timestamp | None]
    """Until when its seats wait for the payment; None once it is confirmed."""
    paid_at: Mapped[Timestamp | None]
    """When a payment here brought its seats, its order's or that of whoever gave the seat; None of
    one that is free, or paid at the door or elsewhere."""
    cancelled_at: Mapped[Timestamp | None]
    part_of: Mapped[int | None] = mapped_column(ForeignKey("bookings.id", ondelete="RESTRICT"))
    """The booking that stands, for some of its seats given back: a cancelled row of their own."""
    guest_name: Mapped[str | None] = mapped_column(String(100))
    """The name typed by a guest, who is not signed in; None for a booking by an account."""
    address_version: Mapped[int] = mapped_column(server_default="0")
    """Part of the ticket's secret address: raising it ends the address that was given out."""
    issued_for: Mapped[str | None] = mapped_column(String(MAX_ISSUED_FOR))
    """Who seats are for that staff issued: free of charge, held back, or past the limit."""
    seats_given_away: Mapped[int] = mapped_column(server_default="0")
    """Seats that were in it and are friends' now, or wait for a friend (`Gift`)."""
    ticket_type_id: Mapped[int | None] = mapped_column(BigInteger)
    """Its ticket type; None of an event without types, or for the default type, if it was booked
    before the event had types."""
    order_reference: Mapped[str | None] = mapped_column(String(20))
    """Of bookings that one order made together, one for each type: the first one's reference."""
    voucher_id: Mapped[int | None] = mapped_column(BigInteger)
    """The voucher that it was booked with."""
    voucher_order: Mapped[str | None] = mapped_column(String(20))
    """The reference of the order that used the voucher, once; kept by whoever has its seats later,
    as a friend, or somebody whom staff corrected."""

    user: Mapped[User] = relationship(lazy="raise")
    event: Mapped[Event] = relationship(lazy="raise", overlaps="ticket_type")
    ticket_type: Mapped[TicketType | None] = relationship(
        lazy="raise", viewonly=True, primaryjoin=is_its_type
    )
    """The type that `ticket_type_id` means, the default one included; None without types."""

    @hybrid_property
    def takes_seats(self) -> bool:
        """Whether the booking takes seats; also usable as a query condition."""
        found: bool = takes_seats(self.status)
        return found

    @hybrid_property
    def is_confirmed(self) -> bool:
        """Whether it is confirmed, its event aside; also usable as a query condition."""
        found: bool = is_confirmed(self.status)
        return found

    @hybrid_property
    def is_paid(self) -> bool:
        """Whether a payment here brought its seats; also usable as a query condition. Of the money
        that came, nothing: it may be owed back."""
        return self.paid_at is not None

    @is_paid.inplace.expression
    @classmethod
    def _is_paid_expression(cls) -> ColumnElement[bool]:
        return cls.paid_at.is_not(None)

    @hybrid_property
    def state(self) -> BookingState:
        """The booking's state, which needs its event; in a query, one joined with its event.

        It is derived: an event is cancelled, and takes place after all, with one row written.
        """
        if self.part_of is not None:
            return BookingState.GIVEN_BACK
        if self.status == BookingStatus.GIVEN_AWAY.value:
            return BookingState.GIVEN_AWAY
        if self.is_confirmed and self.event.status == EventStatus.CANCELLED:
            return BookingState.EVENT_CANCELLED
        # Deleting an event cancels its bookings, at the same moment.
        if self.cancelled_at is not None and self.cancelled_at == self.event.deleted_at:
            return BookingState.EVENT_CANCELLED if self.event.fell_out else BookingState.CONFIRMED
        return STATES.get(self.status, BookingState.CANCELLED)

    @state.inplace.expression
    @classmethod
    def _state_expression(cls) -> ColumnElement[str]:
        confirmed = is_confirmed(cls.status)
        return case(
            (cls.part_of.is_not(None), BookingState.GIVEN_BACK.value),
            (cls.status == BookingStatus.GIVEN_AWAY.value, BookingState.GIVEN_AWAY.value),
            (
                confirmed & (Event.status == EventStatus.CANCELLED.value),
                BookingState.EVENT_CANCELLED.value,
            ),
            (
                cls.cancelled_at == Event.deleted_at,
                case(
                    (Event.fell_out, BookingState.EVENT_CANCELLED.value),
                    else_=BookingState.CONFIRMED.value,
                ),
            ),
            (confirmed, BookingState.CONFIRMED.value),
            (cls.status.in_(list(STATES)), cls.status),
            else_=BookingState.CANCELLED.value,
        )

    @hybrid_property
    def is_owed(self) -> bool:
        """Whether its price is to be given back if it was paid: the event did not take place.

        In a query, of one joined with its event.
        """
        return self.price_minor > 0 and self.state == BookingState.EVENT_CANCELLED

    @is_owed.inplace.expression
    @classmethod
    def _is_owed_expression(cls) -> ColumnElement[bool]:
        return and_(cls.price_minor > 0, cls.state == BookingState.EVENT_CANCELLED.value)

    @hybrid_property
    def currency(self) -> str:
        """The currency of its price; in a query, of one joined with its event."""
        return self.booked_in or self.event.currency

    @currency.inplace.expression
    @classmethod
    def _currency_expression(cls) -> ColumnElement[str]:
        return func.coalesce(cls.booked_in, Event.currency)

    @validates("issued_for")
    def _keep_issued_for(self, field: str, note: str | None) -> str | None:
        return kept_text(field, note) or None

    @property
    def total_minor(self) -> int:
        """Price of all its seats, in the currency's smallest unit."""
        return self.price_minor * self.seats

    @property
    def total_fee_minor(self) -> int:
        """The part of `total_minor` that is the event's fee."""
        return self.fee_minor * self.seats

    @property
    def stands(self) -> bool:
        """Whether it lets somebody in: neither it nor its event is cancelled."""
        return self.is_confirmed and self.state == BookingState.CONFIRMED

    @property
    def is_reserved(self) -> bool:
        """Whether its seats wait for the payment."""
        return self.state == BookingState.RESERVED

    def can_be_given_back(self, at: datetime) -> bool:
        """Whether its guest may give back seats at `at`; an organiser always may.

        Seats that are not paid yet go back as a whole.
        """
        return (self.stands or self.is_reserved) and at < self.event.cancellable_until

    def can_be_given_away(self, at: datetime) -> bool:
        """Whether its guest may give a seat to a friend at `at`."""
        return self.stands and not self.event.is_over(at)

    @property
    def holder_name(self) -> str:
        """The name on the ticket; empty when its account was deleted."""
        return self.guest_name or ("" if self.user.deleted_at else self.user.display_name)

    @property
    def ticket_type_name(self) -> str:
        """The name of its ticket type; empty where its event has none, or it was not read."""
        kind: TicketType | None = vars(self).get("ticket_type")
        return kind.name if kind else ""

    @property
    def spoken_reference(self) -> str:
        return spoken(self.reference)
