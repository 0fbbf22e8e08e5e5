"""Checks of text from users and from Redis."""

import re
import unicodedata

SIGNS_NOT_SHOWN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
"""Characters without meaning on a page. XML forbids most of them: one would break every feed."""
MAX_DIGITS = 18
ACCENTS = 200
"""The least canonical combining class of marks that accent letters of Latin and its kin."""
_NOT_SHOWN = re.compile(f"[{SIGNS_NOT_SHOWN}]")


def is_showable(text: str) -> bool:
    """Return whether a text is free of `SIGNS_NOT_SHOWN`."""
    return not _NOT_SHOWN.search(text)


def whole(value: bytes | None) -> int | None:
    """Parse plain digits; None for anything else, and for more digits than we ever write."""
    return (
        int(value) if value is not None and value.isdigit() and len(value) <= MAX_DIGITS else None
    )


def name_order(name: str) -> str:
    """The key by which people look a name up: whatever its capitals and accents.

    Marks of scripts that are not Latin are letters of theirs, and stay.
    """
    parted = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in parted if unicodedata.combining(c) < ACCENTS)
