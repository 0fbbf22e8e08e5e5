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


class NoSuchHour(ValueError):
    """The local time is skipped where clocks go forward; `instead` is the same hour after it."""

    def __init__(self, local: datetime, instead: datetime) -> None:
        self.local, self.instead = local, instead
        super().__init__(f"{local} does not exist, as clocks go forward")


def from_local(local: datetime, zone: tzinfo) -> datetime:
    """Convert a time by the clock of `zone` to UTC; of an hour that occurs twice, the first.

    Raises `NoSuchHour` for a time that clocks skip, and `ValueError` as `to_utc` does.
    """
    utc = to_utc(local.replace(tzinfo=zone, fold=0))
    # Times are shown to the minute: one that exists in part has been typed as it was shown.
    if not any(_exists(local + timedelta(seconds=more), zone) for more in (0, 59)):
        raise NoSuchHour(local, utc.astimezone(zone).replace(tzinfo=None))
    return utc


def _exists(local: datetime, zone: tzinfo) -> bool:
    local = local.replace(fold=0)
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None, fold=0) == local


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
