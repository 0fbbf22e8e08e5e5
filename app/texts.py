"""What a text of people may hold."""

import re

SIGNS_NOT_SHOWN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
"""Without a meaning on a page; most of them no XML may hold: one would break every feed."""
_NOT_SHOWN = re.compile(f"[{SIGNS_NOT_SHOWN}]")


def is_showable(text: str) -> bool:
    return not _NOT_SHOWN.search(text)
