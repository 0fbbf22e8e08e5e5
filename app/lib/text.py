"""Checks of text from users and from Redis."""

import re

SIGNS_NOT_SHOWN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
"""Characters without meaning on a page. XML forbids most of them: one would break every feed."""
MAX_DIGITS = 18
_NOT_SHOWN = re.compile(f"[{SIGNS_NOT_SHOWN}]")


def is_showable(text: str) -> bool:
    """Return whether a text is free of `SIGNS_NOT_SHOWN`."""
    return not _NOT_SHOWN.search(text)


def whole(value: bytes | None) -> int | None:
    """Parse plain digits; None for anything else, and for more digits than we ever write."""
    return (
        int(value) if value is not None and value.isdigit() and len(value) <= MAX_DIGITS else None
    )
