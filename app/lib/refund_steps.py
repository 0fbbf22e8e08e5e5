"""How much of a seat's price comes back until when: the steps of a rule, and what they come to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from app.lib.datetimes import moved

MAX_STEPS = 3
MAX_HOURS = 366 * 24
ALL = 100
"""In per cent."""


class Step(NamedTuple):
    """`percent` of the price comes back until so many hours before the start; None: until the
    deadline for cancelling."""

    hours_before: int | None
    percent: int


Rule = Sequence[Step]
DEFAULT: Rule = (Step(None, ALL),)
"""All comes back until the deadline."""


class Period(NamedTuple):
    """Until this moment, and after the period before it, `percent` of the price comes back."""

    until: datetime
    percent: int


class BadRule(ValueError):
    """A rule is broken by its step with this number, from 0: by its hours or by its share."""

    def __init__(self, number: int, message: str, *, is_of_hours: bool = False) -> None:
        self.number, self.is_of_hours = number, is_of_hours
        super().__init__(message)


def steps_of(kept: Iterable[Mapping[str, Any]] | None) -> Rule:
    """The rule that is kept as JSON; None is the default."""
    if kept is None:
        return DEFAULT
    return [Step(step["hours_before"], step["percent"]) for step in kept]


def kept_of(rule: Rule) -> list[dict[str, int | None]] | None:
    """The rule as JSON; None for the default."""
    if list(rule) == list(DEFAULT):
        return None
    return [step._asdict() for step in rule]


def check_rule(rule: Rule) -> None:
    """Raise `BadRule` unless each step is later than the one before it and gives less back, and the
    last alone holds until the deadline."""
    if not 1 <= len(rule) <= MAX_STEPS:
        raise BadRule(0, f"must have 1 to {MAX_STEPS} steps")
    last = len(rule) - 1
    for number, (hours, percent) in enumerate(rule):
        if not 0 <= percent <= ALL:
            raise BadRule(number, "must give back 0 to 100 per cent")
        if (hours is None) != (number == last):
            message = "must have hours in all steps but the last"
            raise BadRule(number, message, is_of_hours=True)
        if hours is not None and not 1 <= hours <= MAX_HOURS:
            raise BadRule(number, f"must have 1 to {MAX_HOURS} hours", is_of_hours=True)
        if not number:
            continue
        before = rule[number - 1]
        if percent >= before.percent:
            raise BadRule(number, "must give back less in each step than in the one before it")
        if hours is not None and before.hours_before is not None and hours >= before.hours_before:
            message = "must have fewer hours in each step than in the one before it"
            raise BadRule(number, message, is_of_hours=True)


def periods_of(
    rules: Iterable[Rule], start: datetime, zone: tzinfo, deadline: datetime
) -> list[Period]:
    """What comes back until when, where at each moment the rule holds that gives most.

    Hours before the start are counted by the clock on the wall of `zone`: a week before is the same
    hour, also where clocks change meanwhile. The last period ends with the deadline.
    """
    ends = [[(_end(step, start, zone, deadline), step.percent) for step in rule] for rule in rules]
    periods: list[Period] = []
    for until in sorted({at for rule in ends for at, _ in rule}):
        percent = max(max(percent for at, percent in rule if at >= until) for rule in ends)
        if periods and periods[-1].percent == percent:
            periods.pop()
        periods.append(Period(until, percent))
    return periods


def left_of(periods: Iterable[Period], at: datetime) -> list[Period]:
    """The periods that are not over at `at`; the first is the one that it is in."""
    return [period for period in periods if at < period.until]


def percent_at(periods: Iterable[Period], at: datetime) -> int:
    """How much of the price comes back at `at`: nothing after the last period."""
    left = left_of(periods, at)
    return left[0].percent if left else 0


def share_of(price_minor: int, percent: int) -> int:
    """That much of one seat's price in the currency's smallest unit, rounded up.

    Per seat, so that giving back seats one by one comes to the same as all at once.
    """
    return -(-price_minor * percent // ALL)


def _end(step: Step, start: datetime, zone: tzinfo, deadline: datetime) -> datetime:
    if step.hours_before is None:
        return deadline
    try:
        return min(moved(start, -timedelta(hours=step.hours_before), zone), deadline)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)  # before there were any bookings
