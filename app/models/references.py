"""References of bookings and the codes of tickets: made, spoken, and read as people type them."""

import re
import secrets
from typing import NamedTuple

REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0/O, 1/I/L and U, because references are read aloud at the door."""
_EVEN = 256 - 256 % len(REFERENCE_LETTERS)
_LETTER_OF = bytes(ord(REFERENCE_LETTERS[i % len(REFERENCE_LETTERS)]) for i in range(256))


def new_reference() -> str:
    """Return a random booking reference: twelve letters, 58 random bits.

    It identifies a booking but grants no access.
    """
    letters = b""
    while len(letters) < 12:
        # Drop bytes beyond the last multiple of the alphabet, which would favour some letters.
        letters += secrets.token_bytes(16).translate(_LETTER_OF, delete=bytes(range(_EVEN, 256)))
    return letters[:12].decode()


def spoken(reference: str) -> str:
    """Format a reference in groups of four for reading aloud: `7Q2K-9F4M-XT3B`."""
    return "-".join([reference[i : i + 4] for i in range(0, len(reference), 4)])


class TicketCode(NamedTuple):
    """A booking's reference; in the code of a ticket, also the number of a seat."""

    reference: str
    seat: int | None
    signature: str = ""
    """Of codes that are scanned; what is typed has none."""


SIGNATURE_LETTERS = "".join(letter for letter in REFERENCE_LETTERS if letter.isalpha())
"""Letters alone, so that a code's signature is told from the number before it."""
SIGNATURE_LENGTH = 4
CODE = re.compile(
    rf"([{REFERENCE_LETTERS}]{{12}})"
    rf"(?:([0-9]{{1,4}})([{SIGNATURE_LETTERS}]{{{SIGNATURE_LENGTH}}})?)?"
)
"""Of a ticket's code without what may stand between its letters; scripts use it as well."""
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_]")


def read_code(text: str) -> TicketCode | None:
    """Read a whole reference or a ticket's code, as scanned or typed; None for anything else."""
    found = CODE.fullmatch(_BETWEEN.sub("", text).upper())
    if found is None:
        return None
    return TicketCode(found[1], int(found[2]) if found[2] else None, found[3] or "")


def part_of_reference(word: str) -> str | None:
    """The word as letters of a reference; None if it has others, or fewer than four."""
    part = _BETWEEN.sub("", word).upper()
    may_be = 4 <= len(part) <= 12 and set(part) <= set(REFERENCE_LETTERS)
    return part if may_be else None
