"""Amounts of money: whole numbers of the currency's smallest unit (paise for INR)."""

import re
import unicodedata
from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import (
    format_decimal,
    get_currency_name,
    get_currency_symbol,
    get_territory_currencies,
    list_currencies,
)

CURRENCIES = frozenset(list_currencies())
"""ISO 4217 codes, also of currencies that are no longer used."""
MAX_DIGITS = 18
"""Maximum digits of an amount typed by a person."""

# ISO 4217's own column. Babel's get_currency_precision is CLDR's, which says how prices are usually
# written: by it an Iraqi dinar has no decimals, by ISO three.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
USUAL_DIGITS = 2
PERCENT_DIGITS = 2
UNUSUAL_DIGITS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}
"""How many decimals those currencies have that have not the usual ones."""
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_SEPARATORS = str.maketrans(
    {
        **dict.fromkeys("٬،，", ","),
        **dict.fromkeys("٫．", "."),
        **dict.fromkeys("’＇", "'"),
    }
)
_PLAIN = r"\d+"
_IN_THOUSANDS = r"[1-9]\d{0,2}(?P<sep>[, '])\d{3}(?:(?P=sep)\d{3})*"
_IN_LAKHS = r"[1-9]\d?(?:,\d{2})+,\d{3}"
_AMOUNT = re.compile(
    rf"(?P<whole>{_IN_THOUSANDS}|{_IN_LAKHS}|{_PLAIN})?(?:\.(?P<part>\d*))?", re.ASCII
)
_COMMA_OR_POINT = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)


class NotAnAmount(ValueError):
    """The text is no amount of the currency."""


class TooFine(NotAnAmount):
    """It has more decimals than the currency."""


class Ambiguous(NotAnAmount):
    """Its comma may separate thousands or decimals: `1,250` in a currency of three decimals."""


@cache
def digits_of(currency: str) -> int:
    """How many decimals the currency has by ISO 4217: 2 for INR, 0 for JPY, 3 for KWD."""
    return UNUSUAL_DIGITS.get(currency, USUAL_DIGITS)


@cache
def current_currencies(locale: str = "en_IN") -> dict[str, str]:
    """The currencies that some country uses now: their names by code."""
    places = get_global("territory_currencies")
    codes = {code for place in places for code in get_territory_currencies(place)}
    return {code: str(get_currency_name(code, locale=locale)) for code in sorted(codes)}


@cache
def currency_mark(currency: str, locale: str = "en_IN") -> str:
    """What stands before an amount: `₹`, or `AED` and a space at which no line breaks."""
    symbol = str(get_currency_symbol(currency, locale=locale))
    return symbol + _NO_BREAK_SPACE if symbol[-1].isalpha() else symbol


def format_money(minor: int, currency: str, locale: str = "en_IN") -> str:
    """Format an amount for people: `50000, "INR"` is `₹500`, `50050, "AED"` is `AED 500.50`."""
    amount = to_amount(abs(minor), currency)
    whole = amount == amount.to_integral_value()
    pattern = "#,##,##0" if whole else "#,##,##0." + "0" * digits_of(currency)
    number = format_decimal(amount, format=pattern, locale=locale)
    return f"{'-' if minor < 0 else ''}{currency_mark(currency, locale)}{number}"


def parse_money(text: str, currency: str) -> int:
    """Parse an amount typed by a person, such as `1,000`, `₹499` or `499.50`, to smallest units;
    nothing is 0.

    A point separates decimals, a comma thousands or lakhs; digits of any script are taken. Raises
    `NotAnAmount` for everything that might mean something else: `12,50` could be read as 1,250.
    """
    if not text.strip():
        return 0
    return _parse(_without_mark(_plain(text), currency), digits_of(currency))


def parse_percent(text: str) -> int:
    """Parse per cent typed by a person, such as `2.5` or `2.5 %`, to basis points; nothing is 0.

    Raises `NotAnAmount`, as `parse_money` does.
    """
    text = _plain(text).replace("٪", "%").strip().removesuffix("%").strip()
    return _parse(text, PERCENT_DIGITS) if text else 0


def percent_to_text(basis_points: int) -> str:
    """Per cent as a person types it: 250 basis points are `2.5`."""
    return f"{Decimal(basis_points).scaleb(-PERCENT_DIGITS).normalize():f}"


def _parse(text: str, digits: int) -> int:
    found = _AMOUNT.fullmatch(text)
    if not found or not (found["whole"] or found["part"]):
        raise NotAnAmount("not an amount")
    part = found["part"] or ""
    if digits == 3 and _COMMA_OR_POINT.fullmatch(found[0]):
        raise Ambiguous("not an amount: 1,250 may be 1250 or 1.250")
    whole = re.sub(r"\D", "", found["whole"] or "0")
    if len(whole) + len(part) > MAX_DIGITS:
        raise NotAnAmount("not an amount")
    if len(part) > digits:
        raise TooFine("not an amount: too many decimals")
    return int(whole + part.ljust(digits, "0"))


def to_amount(minor: int, currency: str) -> Decimal:
    """Convert to the currency's main unit: `50050, "INR"` is 500.50."""
    return Decimal(minor).scaleb(-digits_of(currency))


def minor_to_text(minor: int, currency: str) -> str:
    """Format an amount as a person types it: `50050, "INR"` is `500.50`, `50000` is `500`."""
    amount = to_amount(minor, currency)
    return str(amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount)


def _plain(text: str) -> str:
    """The text with ASCII digits, separators and spaces, and without invisible characters."""
    seen = (c for c in text.translate(_SEPARATORS) if unicodedata.category(c) != "Cf")
    return "".join(
        " " if c.isspace() else str(unicodedata.decimal(c)) if c.isdecimal() else c for c in seen
    )


def _without_mark(text: str, currency: str) -> str:
    """The text without the currency's code or sign, before or after the amount."""
    text = text.strip()
    for mark in _marks(currency):
        if text.casefold().startswith(mark):
            return text[len(mark) :].strip()
        if text.casefold().endswith(mark):
            return text[: -len(mark)].strip()
    return text


@cache
def _marks(currency: str) -> tuple[str, ...]:
    """What people write for the currency, the longest first."""
    found = {str(get_currency_symbol(currency, locale=name)) for name in ("en_IN", "en", "ar")}
    found |= {currency} | ({"Rs", "Rs.", "/-"} if currency == "INR" else set())
    plain = {_plain(mark).strip().casefold() for mark in found}
    return tuple(sorted(plain, key=lambda mark: (-len(mark), mark)))
