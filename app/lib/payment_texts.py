"""Texts of payments: a bank's references, and the links of India's UPI."""

import re
from decimal import Decimal
from urllib.parse import quote, urlencode

MAX_REFERENCE = 60
UPI_ADDRESS = re.compile(r"[a-zA-Z0-9.\-]{2,256}@[a-zA-Z][a-zA-Z0-9]{1,63}")
"""A virtual payment address, as in `tickets@okbank`; not an email, whose domain has a point."""
_UPI_REFERENCE = re.compile(r"[0-9]{12}")
_REFERENCE = re.compile(r"[0-9A-Z][0-9A-Z/.\-]*")


class NotABankReference(ValueError):
    """The text can't be a bank's reference; the message says what would be."""


def bank_reference(text: str, *, of_upi: bool) -> str:
    """A bank's reference as it is compared: in capitals, without spaces.

    One of UPI, its UTR or RRN, has twelve digits. Raises `NotABankReference`.
    """
    reference = re.sub(r"\s+", "", text).upper()
    if of_upi and not _UPI_REFERENCE.fullmatch(reference):
        raise NotABankReference("must be the 12 digits of the UPI reference (UTR)")
    if len(reference) > MAX_REFERENCE or not _REFERENCE.fullmatch(reference):
        raise NotABankReference("must be the bank's reference: letters, digits and / . -")
    return reference


def upi_link(address: str, name: str, amount: Decimal, reference: str) -> str:
    """The link by which a UPI app offers to pay an amount of rupees (NPCI's deep linking).

    `reference` stands in the note, which the receiver's statement shows.
    """
    facts = {"pa": address, "pn": name, "am": f"{amount:.2f}", "cu": "INR", "tn": reference}
    return "upi://pay?" + urlencode(facts, quote_via=quote, safe="@")
