"""Taxes in prices: how much of an amount is tax, and India's GST by state.

Prices contain their tax. What is tax is rounded once for all that was paid, half a smallest unit
up; the rest is the net amount, so that the two are what was paid, in every currency. A tax of two
equal parts (CGST and SGST) is rounded for one of them, so that both are equal.
"""

import re
from decimal import Decimal
from typing import NamedTuple

GSTIN = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}")
"""A number under India's GST: the state's code, the PAN, and what makes it unique."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNION_TERRITORIES = frozenset(("04", "26", "31", "35", "38"))
"""Those without a legislature: the tax is called UTGST there."""
STATES = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
}
"""By the codes with which numbers under GST begin."""


class Tax(NamedTuple):
    """A tax that prices contain."""

    names: tuple[str, ...]
    """One, or two of equal parts."""
    bp: int
    """All of it, in hundredths of a per cent of the net price."""

    @property
    def each(self) -> str:
        """The rate of one part in per cent, as it is written: `18`, `2.5`."""
        return percent(Decimal(self.bp) / len(self.names))

    def part_of(self, amount: int) -> int:
        """How much of an amount that contains the tax is one part of it, in smallest units."""
        whole = len(self.names) * (10_000 + self.bp)
        return (2 * amount * self.bp + whole) // (2 * whole)


def percent(bp: Decimal | int) -> str:
    """Hundredths of a per cent as per cent: `250` is `2.5`."""
    return f"{(Decimal(bp) / 100).normalize():f}"


def tax_of(name: str, bp: int, number: str, place: str | None = None) -> Tax:
    """The tax by the seller's settings, and by where the event takes place.

    Of India's GST, half is the state's where the seller is registered in it, and all of it the
    union's elsewhere.
    """
    if not is_indian(name, number):
        return Tax((name,), bp)
    if place and place != number[:2]:
        return Tax(("IGST",), bp)
    return Tax(("CGST", "UTGST" if number[:2] in UNION_TERRITORIES else "SGST"), bp)


def is_indian(name: str, number: str) -> bool:
    """Whether it is India's GST: other countries have one, too."""
    return name == "GST" and is_gstin(number)


def is_gstin(number: str) -> bool:
    """Whether it is a number under India's GST, with the right check digit."""
    return bool(GSTIN.fullmatch(number)) and number[:2] in STATES and _check(number) == number[-1]


def _check(number: str) -> str:
    total = 0
    for place, letter in enumerate(number[:14]):
        tens, ones = divmod(_DIGITS.index(letter) * (1 + place % 2), 36)
        total += tens + ones
    return _DIGITS[-total % 36]


def credited(tax: Tax, before: int, amount: int) -> int:
    """How much of one part of the tax is in `amount`, given back after `before` was: all that is
    given back has the tax together that was in it."""
    return tax.part_of(before + amount) - tax.part_of(before)
