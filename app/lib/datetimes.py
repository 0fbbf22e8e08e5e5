"""Conversion of times to UTC, and the days of a time zone."""

from datetime import UTC, datetime, time, timedelta, tzinfo

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


def day_begins(at: datetime, zone: tzinfo, days: int = 0) -> datetime:
    """Return when a day begins in the zone: the one of `at`, or as many days later."""
    date = at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(date, time(), zone)


def weekend(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the begin of Saturday and of Monday: of this weekend, or of the next one to come."""
    weekday = at.astimezone(zone).weekday()
    return day_begins(at, zone, 5 - weekday), day_begins(at, zone, 7 - weekday)
