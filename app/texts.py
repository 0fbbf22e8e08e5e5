"""What a text of people may hold."""

import re

_NOT_SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
"""Signs without a meaning on a page, most of which no XML may hold: one would break every feed."""


def is_showable(text: str) -> bool:
    return not _NOT_SHOWN.search(text)
