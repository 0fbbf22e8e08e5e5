"""A bank's statement held against the orders of an event that wait for their payment."""

import re
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from app.booking.desk import BookingDesk
from app.db import db
from app.errors import UtsavamError
from app.lib.bank_statements import StatementLine
from app.lib.payment_texts import NotABankReference, bank_reference
from app.models import Booking, Payment, PaymentProvider, PaymentState
from app.models.references import REFERENCE_LETTERS
from app.services import payment_batches
from app.services.events import get_event
from app.services.payment_batches import Wanted
from app.services.payment_lists import ORDER, OrderToCome, orders_waiting
from app.services.payments import Received, Recorded

LENGTH = 12
_LETTERS = set(REFERENCE_LETTERS)


class Match(StrEnum):
    """What a line is to the event's orders."""

    FITS = "fits"
    """It pays an order, to the last paisa."""
    OTHER_AMOUNT = "other_amount"
    AGAIN = "again"
    """A line before it pays the same order."""
    NOT_WAITING = "not_waiting"
    """It names a booking that is paid or cancelled."""
    RECORDED = "recorded"
    UNKNOWN = "unknown"
    OUTGOING = "outgoing"


class Matched(NamedTuple):
    line: StatementLine
    match: Match
    order: OrderToCome | None = None
    """Only of an order that waits."""
    received: Received | None = None
    """What is to be recorded, if it fits."""
    booking_id: int | None = None
    """Of the booking that it names or is recorded for."""


class Marked(NamedTuple):
    line: StatementLine
    result: Recorded | UtsavamError

    @property
    def is_paid(self) -> bool:
        """Whether the seats are confirmed by it."""
        return isinstance(self.result, Recorded) and self.result.refund is None


class _Known(NamedTuple):
    orders: dict[str, OrderToCome]
    """Those that wait, by the order's reference."""
    named: dict[str, tuple[str, int]]
    """Of the event's bookings, by reference: the order's, and the booking's id."""
    claimed: dict[str, str]
    """The orders' references by what their buyers gave as the bank's."""
    recorded: dict[str, int]
    """The bookings whose payments came, by the bank's reference."""


def match_lines(event_id: int, lines: Sequence[StatementLine]) -> list[Matched]:
    """Find what each line pays: by the booking's reference in its text, or the bank's reference
    that a buyer gave, and the exact amount. Raises `EventNotFound`.
    """
    get_event(event_id, drafts=True)
    known = _look_up(event_id, lines)
    paid: set[str] = set()
    return [_match(line, known, paid) for line in lines]


def mark_lines(
    desk: BookingDesk, event_id: int, lines: Sequence[StatementLine], chosen: Collection[int]
) -> list[Marked]:
    """Record the payments of the lines with these numbers, as far as they still fit."""
    wanted = [
        (found.line, Wanted(found.order.booking.id, found.received))
        for found in match_lines(event_id, lines)
        if found.line.number in chosen and found.order and found.received
    ]
    answers = payment_batches.record_all(desk, [one for _line, one in wanted])
    return [Marked(line, said) for (line, _one), said in zip(wanted, answers, strict=True)]


def _match(line: StatementLine, known: _Known, paid: set[str]) -> Matched:
    if line.amount_minor <= 0:
        return Matched(line, Match.OUTGOING)
    came = next((known.recorded[one] for one in _bank_references(line) if one in known.recorded), 0)
    if came:
        return Matched(line, Match.RECORDED, booking_id=came)
    claim = next((one for one in line.twelve_digits if one in known.claimed), None)
    named = next((known.named[one] for one in _windows(line) if one in known.named), None)
    reference = named[0] if named else known.claimed[claim] if claim else ""
    if order := known.orders.get(reference):
        return _of_order(line, order, claim, paid)
    if named:
        return Matched(line, Match.NOT_WAITING, booking_id=named[1])
    return Matched(line, Match.UNKNOWN)


def _of_order(
    line: StatementLine, order: OrderToCome, claim: str | None, paid: set[str]
) -> Matched:
    found = Matched(line, Match.OTHER_AMOUNT, order, booking_id=order.booking.id)
    if order.order.amount_minor != line.amount_minor:
        return found
    if order.reference in paid:
        return found._replace(match=Match.AGAIN)
    paid.add(order.reference)
    received = _received(line, claim, order.order.currency)
    return found._replace(match=Match.FITS, received=received)


def _received(line: StatementLine, claim: str | None, currency: str) -> Received:
    digits = line.twelve_digits
    is_upi = "UPI" in f"{line.text} {line.reference}".upper() and len(set(digits)) == 1
    if claim or is_upi:
        return Received(PaymentProvider.UPI, line.amount_minor, currency, claim or digits[0])
    own = _own_reference(line) or line.made_up_reference
    return Received(PaymentProvider.TRANSFER, line.amount_minor, currency, own)


def _look_up(event_id: int, lines: Iterable[StatementLine]) -> _Known:
    windows = {one for line in lines for one in _windows(line)}
    references = {one for line in lines for one in _bank_references(line)}
    of_event = Booking.event_id == event_id
    query = select(Booking.reference, ORDER, Booking.id).where(
        of_event, Booking.reference.in_(windows)
    )
    named = {row[0]: (row[1], row[2]) for row in db.session.execute(query)}
    by_bank = select(Booking).join(Payment, Payment.booking_id == Booking.id).where(of_event)
    pending = by_bank.with_only_columns(Payment.bank_reference, Booking.reference).where(
        Payment.state == PaymentState.PENDING.value, Payment.bank_reference.in_(references)
    )
    claimed = {str(row[0]): row[1] for row in db.session.execute(pending)}
    came = by_bank.with_only_columns(Payment.provider_ref, Booking.id).where(
        Payment.provider_ref.in_(references)
    )
    recorded = {str(row[0]): row[1] for row in db.session.execute(came)}
    wanted = list({order for order, _id in named.values()} | set(claimed.values()))
    orders = {one.reference: one for one in orders_waiting(event_id, wanted)}
    return _Known(orders, named, claimed, recorded)


def _bank_references(line: StatementLine) -> list[str]:
    """All by which the line may be recorded."""
    own = _own_reference(line)
    return [*line.twelve_digits, *([own] if own else []), line.made_up_reference]


def _own_reference(line: StatementLine) -> str | None:
    try:
        return bank_reference(line.reference, of_upi=False)
    except NotABankReference:
        return None


def _windows(line: StatementLine) -> list[str]:
    """What in the line may be a booking's reference, however it is written."""
    found = []
    for text in (line.text, line.reference):
        letters = re.sub(r"[^0-9A-Z]", "", text.upper())
        ends = range(LENGTH, len(letters) + 1)
        parts = (letters[end - LENGTH : end] for end in ends)
        found += [part for part in parts if _LETTERS.issuperset(part)]
    return found
