"""Conversion of dates and times to UTC."""

from datetime import UTC, datetime, timedelta, tzinfo

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""Years (UTC) that can be represented in every time zone."""


def to_utc(value: datetime) -> datetime:
    """Convert to UTC. Raises `ValueError` outside the years that every time zone can represent."""
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return utc


def moved(at: datetime, by: timedelta, zone: tzinfo) -> datetime:
    """Move a time by the clock on the wall of `zone`: 19:00 stays 19:00 where clocks have changed.

    Raises `ValueError` outside the years that every time zone can represent.
    """
    if not by:
        return at
    try:
        local = at.astimezone(zone).replace(tzinfo=None) + by
    except OverflowError:
        local = datetime.max  # noqa: DTZ901 - refused below
    return to_utc(local.replace(tzinfo=zone))
