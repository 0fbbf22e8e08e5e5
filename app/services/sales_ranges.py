"""The spans of days that an organiser looks at, each with the time before it to compare."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.errors import InvalidField

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MAX_SPAN = timedelta(days=3 * 366)
FIRST_DAY = date(2000, 1, 1)
DAYS = {"today": 1, "7": 7, "30": 30, "90": 90, "365": 365}
"""Number of days up to and including today."""
NAMES = ("today", "7", "last-week", "30", "last-month", "90", "365")


@dataclass(frozen=True)
class SalesRange:
    """Days from `first` to `last`; they are compared to those from `before` until `first`."""

    first: date
    last: date
    before: date


def named_range(name: str, today: date) -> SalesRange:
    """One of `NAMES`, by the site's day; last week is from Monday to Sunday."""
    if name == "last-week":
        monday = today - WEEK - today.weekday() * DAY
        return SalesRange(monday, monday + 6 * DAY, monday - WEEK)
    if name == "last-month":
        last = today.replace(day=1) - DAY
        first = last.replace(day=1)
        return SalesRange(first, last, (first - DAY).replace(day=1))
    return _span(today - (DAYS[name] - 1) * DAY, today)


def days_between(first: date, last: date, today: date) -> SalesRange:
    """These days, compared to as many before. Raises `InvalidField` for an impossible span."""
    if not FIRST_DAY <= first <= last <= today + DAY:
        raise InvalidField("from", "must be from the year 2000 on, and not after the last day")
    if last - first > MAX_SPAN:
        raise InvalidField("from", "must be within three years of the last day")
    return _span(first, last)


def _span(first: date, last: date) -> SalesRange:
    return SalesRange(first, last, first - (last - first) - DAY)
