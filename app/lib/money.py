"""Amounts of money: whole numbers of the currency's smallest unit (paise for INR)."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache

from babel.numbers import format_currency, get_currency_precision, list_currencies

CURRENCIES = frozenset(list_currencies())
"""ISO 4217 codes."""
MAX_DIGITS = 18
"""Maximum digits of an amount typed by a person."""


def format_money(minor: int, currency: str, locale: str = "en_IN") -> str:
    """Format an amount for people: `50000, "INR"` is `₹500`, `50050, "INR"` is `₹500.50`."""
    digits = get_currency_precision(currency)
    amount = Decimal(minor).scaleb(-digits)
    whole = amount == amount.to_integral_value()
    pattern = "¤#,##,##0" if whole else None
    return format_currency(
        amount, currency, format=pattern, locale=locale, currency_digits=not whole
    )


def parse_money(text: str, currency: str) -> int:
    """Parse an amount typed by a person, such as `1,000`, `₹499` or `499.50`, to smallest units.

    Raises `ValueError` if it is not an amount, is negative, or is finer than the smallest unit.
    """
    try:
        amount = Decimal(re.sub(r"[,\s₹]", "", text) or "0")
    except InvalidOperation as error:
        raise ValueError("not an amount") from error
    # Checked first: 1e999999 is a valid number too, and computing with it could exhaust memory.
    if len(amount.as_tuple().digits) > MAX_DIGITS or abs(amount.adjusted()) > MAX_DIGITS:
        raise ValueError("not an amount")
    minor = amount.scaleb(get_currency_precision(currency)) if amount.is_finite() else Decimal(-1)
    if minor < 0 or minor != minor.to_integral_value():
        raise ValueError("not an amount")
    return int(minor)


def to_amount(minor: int, currency: str) -> Decimal:
    """Convert to the currency's main unit: `50050, "INR"` is 500.50."""
    return Decimal(minor).scaleb(-_digits(currency))


@cache
def _digits(currency: str) -> int:
    return int(get_currency_precision(currency))


def minor_to_text(minor: int, currency: str) -> str:
    """Format an amount as a person types it: `50050, "INR"` is `500.50`, `50000` is `500`."""
    amount = to_amount(minor, currency)
    return str(amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount)
