"""Money for seats that are given back: what comes back of what they cost, and what is kept.

By the organiser's rule where their guest gives them back; staff may choose otherwise. Callers hold
the event's row lock when something is settled.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import db
from app.errors import InvalidField, RefundChanged
from app.lib.refund_steps import Period, left_of, percent_at, share_of
from app.models import (
    Booking,
    Event,
    KeptAmount,
    Payment,
    Refund,
    RefundReason,
    RefundState,
)
from app.models.columns import now
from app.services import money_back, outbox, refund_rules, refunds


class RefundBy(StrEnum):
    """How much staff let come back; instead of it, they may name an amount."""

    ALL = "all"
    RULE = "rule"


class Quote(NamedTuple):
    """What comes back of one seat's price if its guest gives it back at a moment."""

    price_minor: int
    refund_minor: int
    currency: str
    periods: Sequence[Period]
    """What comes back until when, from that moment on."""


class Settled(NamedTuple):
    """What became of the price of seats that were paid here, in the smallest unit."""

    owed_minor: int
    kept_minor: int
    currency: str
    is_to_guest: bool
    """Whether it is the booking's own guest who paid: of a friend's seat, the giver did."""

    def facts(self) -> dict[str, outbox.JSON]:
        """What audit log and letters tell of it."""
        names = ("owed_minor", "kept_minor", "currency")
        return {name: getattr(self, name) for name in names}


def quote(booking: Booking, at: datetime | None = None, *, also_gift: bool = False) -> Quote | None:
    """What its guest gets back for a seat now; None if they have paid nothing here, as for a
    friend's seat: with `also_gift`, what its giver gets."""
    if not booking.price_minor:
        return None
    origin = money_back.bought_with(db.session(), booking) if also_gift else booking
    if db.session.scalars(money_back.payments_of(origin)).first() is None:
        return None
    periods = left_of(refund_rules.periods_for(origin, booking.event), at or now())
    back = share_of(booking.price_minor, periods[0].percent if periods else 0)
    return Quote(booking.price_minor, back, booking.currency, periods)


def check_seen(booking: Booking, seen: int, at: datetime) -> None:
    """Raise `RefundChanged` if less comes back of a seat than its guest has seen."""
    found = quote(booking, at)
    if found and found.refund_minor < seen:
        raise RefundChanged(booking.id, found.refund_minor, found.currency)


def settle(
    session: Session,
    event: Event,
    booking: Booking,
    row: Booking,
    at: datetime,
    *,
    by: RefundBy | int = RefundBy.RULE,
) -> Settled | None:
    """Owe what comes back of the price of the seats of `row`, and note what is kept; `row` is the
    booking, or the part of it that is given back. None if they were not paid here.

    `by` may be an amount. A seat that was a gift is settled with the giver, who gets a letter.
    Never more is owed and kept than has come. Raises `InvalidField` for an amount that is more than
    was paid for the seats.
    """
    origin, payment = _paid_with(session, booking)
    paid = _left_for(session, payment, row) if payment else 0
    if isinstance(by, int) and by > paid:
        raise InvalidField("refund_minor", f"can be at most {paid}, what was paid for the seats")
    if payment is None or not paid:
        return None
    owed = by if isinstance(by, int) else paid
    if by == RefundBy.RULE:
        percent = percent_at(refund_rules.periods_for(origin, event, session), at)
        owed = min(share_of(row.price_minor, percent) * row.seats, paid)
    refund = _note(session, payment, row, owed, paid - owed)
    if refund and origin is not booking:
        refunds.tell(session, origin, refund)
    return Settled(owed, paid - owed, payment.currency, origin is booking)


def _paid_with(session: Session, booking: Booking) -> tuple[Booking, Payment | None]:
    """The booking that the seats were bought with, and its payment, locked, if they were paid."""
    if not booking.price_minor:
        return booking, None
    origin = money_back.bought_with(session, booking)
    return origin, money_back.payment_of(session, origin)


def _left_for(session: Session, payment: Payment, row: Booking) -> int:
    """What the row's seats cost; less, if that much of the payment is not left."""
    session.flush()  # gives a part its id
    sums = (
        select(func.coalesce(func.sum(one.amount_minor), 0)).where(one.payment_id == payment.id)
        for one in (Refund, KeptAmount)
    )
    settled = sum(int(session.scalars(query).one()) for query in sums)
    return max(min(row.total_minor, payment.amount_minor - settled), 0)


def _note(session: Session, payment: Payment, row: Booking, owed: int, kept: int) -> Refund | None:
    """Note what is owed of the row's price, and what is kept; returns what is owed, if anything."""
    facts = {"payment_id": payment.id, "booking_id": row.id, "currency": payment.currency}
    if kept:
        session.add(KeptAmount(**facts, amount_minor=kept))
    if not owed:
        return None
    refund = Refund(
        **facts,
        amount_minor=owed,
        reason=RefundReason.CANCELLED.value,
        state=RefundState.OWED.value,
    )
    session.add(refund)
    return refund
