"""Rules that involve several fields of an event, or that no column type can express."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from zoneinfo import available_timezones

from app.errors import InvalidField
from app.lib.money import CURRENCIES
from app.lib.taxes import STATES
from app.lib.text import is_showable
from app.models import Event
from app.models.event import MAX_FEE_BASIS_POINTS, MAX_PRICE_MINOR, ends_at
from app.services.refund_rules import check as check_refund_rule

TEXTS = ("name", "venue", "address", "city", "category", "description", "payment_note")
_ZONES = frozenset(available_timezones())


class Times(Protocol):
    start_at: datetime
    end_at: datetime | None
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    cancel_until: datetime | None


def check_event(event: Event) -> None:
    """Raise `InvalidField` for a broken rule, naming the field that a person would correct."""
    if not event.name.strip():
        raise InvalidField("name", "must not be blank")
    if event.time_zone is not None and event.time_zone not in _ZONES:
        raise InvalidField("time_zone", "is not a time zone, as in Asia/Kolkata")
    if event.currency is not None and event.currency not in CURRENCIES:
        raise InvalidField("currency", "is not a currency code, as in INR")
    for fact in TEXTS:
        if not is_showable(getattr(event, fact) or ""):
            raise InvalidField(fact, "must not hold control characters")
    check_refund_rule(event)
    if event.tax_place is not None and event.tax_place not in STATES:
        raise InvalidField("tax_place", "is not the code of a state, as in 36")
    check_times(event)
    check_fee(event, () if event.has_types else (event.price_minor or 0,))


def check_fee(event: Event, prices: Iterable[int]) -> None:
    """Raise `InvalidField` for a fee that tickets of these prices can't have."""
    fee, prices = event.fee, list(prices)
    if not 0 <= fee.amount_minor <= MAX_PRICE_MINOR:
        raise InvalidField("fee_minor", f"must be from 0 to {MAX_PRICE_MINOR}")
    if not 0 <= fee.basis_points <= MAX_FEE_BASIS_POINTS:
        raise InvalidField("fee_basis_points", f"must be from 0 to {MAX_FEE_BASIS_POINTS}")
    for price in filter(None, prices):
        if fee.included and fee.asked_of(price) > price:
            raise InvalidField("fee_minor", "can't be more than the price that it is included in")
        if not fee.included and price + fee.asked_of(price) > MAX_PRICE_MINOR:
            raise InvalidField("fee_minor", "makes a seat cost too much")


def check_times(event: Times) -> None:
    """Raise `InvalidField` when the times are in an impossible order."""
    if event.end_at and event.end_at <= event.start_at:
        raise InvalidField("end_at", "must be after the start")
    if event.sales_open_at and not event.sales_close_at and event.sales_open_at >= event.start_at:
        raise InvalidField("sales_open_at", "must be before the event starts, when sales close")
    if event.sales_close_at and event.sales_close_at > ends_at(event):
        raise InvalidField("sales_close_at", "must not be after the event ends")
    if event.sales_open_at and event.sales_close_at and event.sales_close_at <= event.sales_open_at:
        raise InvalidField("sales_close_at", "must be after sales open")
    if event.cancel_until and event.cancel_until > ends_at(event):
        raise InvalidField("cancel_until", "must not be after the event ends")
