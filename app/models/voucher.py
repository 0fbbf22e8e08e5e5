"""A voucher: a code that changes what its event sells to whoever types it.

It opens a hidden ticket type or is for one type, takes something off the price, or draws on a
named hold, also before sales open. It is good for so many orders, until a moment, for anybody or
for one person.
"""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.lib.emails import one_spelling
from app.models.columns import CreatedAt, Key, Timestamp, kept_text
from app.models.event import MAX_PRICE_MINOR, Event
from app.models.hold import Hold
from app.models.references import new_reference, spoken
from app.models.ticket_type import TicketType

MAX_USES = 1_000_000
MAX_NOTE = 200
MAX_CODE = 40
MAX_AT_ONCE = 1_000
"""Vouchers that one request makes."""
NEW_LETTERS = 8
"""Of a code that is made up: 39 random bits."""

_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_]")
_KEY = re.compile(r"[0-9A-Z]{4,30}")
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
"""Letters that are taken for another one when they are read aloud or off a flyer; codes that are
made up have none of them."""


class PriceEffect(StrEnum):
    """What a voucher does to the price of a seat."""

    AMOUNT_OFF = "amount_off"
    """Less by so much, in the smallest unit of the event's currency, down to nothing."""
    PERCENT_OFF = "percent_off"
    FIXED_PRICE = "fixed_price"


def code_key(code: str) -> str | None:
    """By what a code is told from others: in capitals, without what stands between its letters,
    and with letters that look alike as one. None if it can't be a code."""
    key = _BETWEEN.sub("", unicodedata.normalize("NFKC", code)).upper()
    return key.translate(_ALIKE) if _KEY.fullmatch(key) else None


def new_code() -> str:
    """Return a random code, in groups of four: `7Q2K-9F4M`."""
    return spoken(new_reference()[:NEW_LETTERS])


def price_with(effect: str | None, value: int | None, price_minor: int) -> int:
    """The price of a seat with a voucher of this effect; half a unit is rounded up."""
    match effect:
        case PriceEffect.AMOUNT_OFF:
            return max(price_minor - (value or 0), 0)
        case PriceEffect.PERCENT_OFF:
            return (price_minor * (100 - (value or 0)) + 50) // 100
        case PriceEffect.FIXED_PRICE:
            return value or 0
    return price_minor


class Voucher(Model):
    """One use is one order, of however many seats: it is given back when none of the order's seats
    is taken any more, because all were cancelled, or were not paid in time."""

    __tablename__ = "vouchers"
    __table_args__ = (
        CheckConstraint("used >= 0 AND used <= max_uses", "used_within_max"),
        CheckConstraint(f"max_uses BETWEEN 1 AND {MAX_USES}", "max_uses_in_range"),
        CheckConstraint("code_key ~ '^[0-9A-Z]{4,30}$'", "code_key_spelt"),
        CheckConstraint(
            "price_effect IN ('amount_off', 'percent_off', 'fixed_price')", "price_effect_known"
        ),
        CheckConstraint(
            "(price_effect IS NULL) = (price_value IS NULL)"
            f" AND price_value BETWEEN 0 AND {MAX_PRICE_MINOR}"
            " AND (price_effect <> 'percent_off' OR price_value BETWEEN 1 AND 100)",
            "price_value_in_range",
        ),
        ForeignKeyConstraint(
            ["event_id", "ticket_type_id"],
            [TicketType.event_id, TicketType.id],
            name="fk_vouchers_ticket_type",
            ondelete="RESTRICT",
        ),
        UniqueConstraint("event_id", "id"),
        UniqueConstraint("event_id", "code_key"),
        Index(
            "ix_vouchers_idempotency_key",
            "event_id",
            "idempotency_key",
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_vouchers_email", "email", postgresql_where=text("email IS NOT NULL")),
        Index("ix_vouchers_hold_id", "hold_id", postgresql_where=text("hold_id IS NOT NULL")),
    )

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(MAX_CODE))
    """As it is shown."""
    code_key: Mapped[str] = mapped_column(String(30))
    """By what it is found, and told from the event's others (`code_key`)."""
    max_uses: Mapped[int] = mapped_column(server_default="1")
    used: Mapped[int] = mapped_column(default=0, server_default="0")
    """Orders that take seats with it."""
    valid_until: Mapped[Timestamp | None]
    email: Mapped[str | None] = mapped_column(String(254))
    """Of the one person whom it is for, in the one spelling."""
    ticket_type_id: Mapped[int | None] = mapped_column(BigInteger)
    """The one type that it is for, which may be hidden; None: any that is offered."""
    price_effect: Mapped[str | None] = mapped_column(String(12))
    price_value: Mapped[int | None]
    """In the currency's smallest unit, or in percent."""
    hold_id: Mapped[int | None] = mapped_column(ForeignKey(Hold.id, ondelete="SET NULL"))
    """The hold that its seats come from, instead of those on sale; also before sales open."""
    note: Mapped[str] = mapped_column(String(MAX_NOTE), server_default="")
    """The organiser's, about what it is for."""
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Not good any more; what was booked with it stands."""
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    """A digest of the key of the request that made it, maybe with others."""
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    """A digest of what that request asked for."""
    created_at: Mapped[CreatedAt]

    @validates("note")
    def _keep_note(self, field: str, note: str | None) -> str | None:
        return kept_text(field, note)

    @validates("email")
    def _keep_email(self, _field: str, email: str | None) -> str | None:
        return one_spelling(email) if email else None

    @property
    def for_one_person(self) -> bool:
        return self.email is not None

    def is_over(self, at: datetime) -> bool:
        return self.valid_until is not None and at >= self.valid_until

    def price_of(self, price_minor: int) -> int:
        """The price with it of a seat that costs `price_minor` without."""
        return price_with(self.price_effect, self.price_value, price_minor)
