"""Moments as people and programs write them."""

from datetime import UTC, datetime

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""Years (UTC) that every time zone's clock can show."""


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC; raises `ValueError` for one that some clock could not show."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return utc
