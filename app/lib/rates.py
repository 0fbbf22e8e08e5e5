"""Rate limits as written in the settings: "10 per minute", "30 per 10 minutes", "off"."""

import re
from functools import cache
from typing import NamedTuple

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_SYNTAX = re.compile(r"([1-9]\d{0,8}) ?(?:per|/) ?(?:([1-9]\d{0,3}) )?(second|minute|hour|day)s?")


class Rate(NamedTuple):
    """A limit of `most` per `seconds`."""

    most: int
    seconds: int


@cache
def rate_of(text: str) -> Rate | None:
    """Parse a rate limit; None for "off". Raises `ValueError` for anything else."""
    wanted = text.strip().lower()
    if wanted == "off":
        return None
    found = _SYNTAX.fullmatch(wanted)
    if found is None:
        raise ValueError('must be like "10 per minute" or "30 per 10 minutes", or "off"')
    most, units, unit = found.groups()
    return Rate(int(most), int(units or 1) * SECONDS[unit])
