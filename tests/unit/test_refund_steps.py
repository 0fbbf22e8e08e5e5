"""How much comes back until when, by the steps of a rule."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.datetimes import moved
from app.lib.refund_steps import (
    DEFAULT,
    MAX_HOURS,
    BadRule,
    Period,
    Step,
    check_rule,
    kept_of,
    left_of,
    percent_at,
    periods_of,
    share_of,
    steps_of,
)

START = datetime(2031, 6, 14, 19, 0, tzinfo=UTC)
WEEK, DAY = 7 * 24, 24
RULE = [Step(WEEK, 100), Step(DAY, 50), Step(None, 10)]


def before(hours):
    return START - timedelta(hours=hours)


def test_by_default_all_comes_back_until_the_deadline():
    assert periods_of([DEFAULT], START, UTC, START) == [Period(START, 100)]


def test_each_step_holds_until_its_moment_and_nothing_comes_back_after_the_last():
    periods = periods_of([RULE], START, UTC, before(1))
    assert periods == [(before(WEEK), 100), (before(DAY), 50), (before(1), 10)]
    second = timedelta(seconds=1)
    at = [before(WEEK) - second, before(WEEK), before(DAY) - second, before(DAY), before(1)]
    assert [percent_at(periods, moment) for moment in at] == [100, 50, 50, 10, 0]
    assert left_of(periods, before(WEEK)) == periods[1:]


def test_a_deadline_before_a_step_ends_the_rule():
    assert periods_of([RULE], START, UTC, before(2 * DAY)) == [
        (before(WEEK), 100),
        (before(2 * DAY), 50),
    ]
    assert periods_of([RULE], START, UTC, before(2 * WEEK)) == [(before(2 * WEEK), 100)]


def test_of_several_rules_the_one_that_gives_most_holds_at_each_moment():
    late, early = [Step(DAY, 80), Step(None, 0)], [Step(WEEK, 100), Step(None, 50)]
    assert periods_of([late, early], START, UTC, START) == [
        (before(WEEK), 100),
        (before(DAY), 80),
        (START, 50),
    ]
    assert periods_of([late, DEFAULT], START, UTC, START) == [(START, 100)]


def test_a_week_before_is_the_same_hour_where_clocks_have_changed():
    """In New York they go forward on 9 March 2031, at 2:00."""
    zone = ZoneInfo("America/New_York")
    start = datetime(2031, 3, 12, 19, 0, tzinfo=zone)
    (until, _), _ = periods_of([[Step(WEEK, 100), Step(None, 0)]], start, zone, start)
    assert f"{until.astimezone(zone):%d %B, %H:%M}" == "05 March, 19:00"
    assert start.astimezone(UTC) - until == timedelta(hours=WEEK - 1)


def test_a_step_before_the_years_that_clocks_know_is_over():
    start = datetime(1970, 1, 2, tzinfo=UTC)
    periods = periods_of([[Step(MAX_HOURS, 100), Step(None, 50)]], start, UTC, start)
    assert percent_at(periods, datetime(1970, 1, 1, tzinfo=UTC)) == 50


@pytest.mark.parametrize(
    ("price", "percent", "share"),
    [(25_000, 50, 12_500), (333, 50, 167), (1, 1, 1), (1, 0, 0), (4_501, 33, 1_486), (7, 100, 7)],
)
def test_a_share_is_rounded_up_to_the_smallest_unit(price, percent, share):
    assert share_of(price, percent) == share


def test_a_share_is_never_more_than_the_price():
    shares = [(price, share_of(price, percent)) for price in range(200) for percent in range(101)]
    assert all(0 <= share <= price for price, share in shares)


@pytest.mark.parametrize(
    ("rule", "number", "message"),
    [
        ([], 0, "1 to 3 steps"),
        ([Step(3, 4), Step(2, 3), Step(1, 2), Step(None, 1)], 0, "1 to 3 steps"),
        ([Step(DAY, 100)], 0, "all steps but the last"),
        ([Step(None, 100), Step(None, 50)], 0, "all steps but the last"),
        ([Step(DAY, 50), Step(None, 50)], 1, "give back less"),
        ([Step(DAY, 50), Step(None, 60)], 1, "give back less"),
        ([Step(DAY, 90), Step(WEEK, 50), Step(None, 0)], 1, "fewer hours"),
        ([Step(DAY, 90), Step(DAY, 50), Step(None, 0)], 1, "fewer hours"),
        ([Step(0, 90), Step(None, 0)], 0, "1 to 8784 hours"),
        ([Step(MAX_HOURS + 1, 90), Step(None, 0)], 0, "1 to 8784 hours"),
        ([Step(DAY, 101), Step(None, 0)], 0, "0 to 100 per cent"),
        ([Step(None, -1)], 0, "0 to 100 per cent"),
    ],
)
def test_what_is_no_rule_is_refused_by_its_step(rule, number, message):
    with pytest.raises(BadRule, match=message) as refused:
        check_rule(rule)
    assert refused.value.number == number


@pytest.mark.parametrize("rule", [RULE, [Step(None, 0)], [Step(MAX_HOURS, 100), Step(None, 0)]])
def test_a_rule_is_kept_and_read_as_it_is(rule):
    check_rule(rule)
    assert steps_of(kept_of(rule)) == rule


def test_the_default_is_kept_as_nothing():
    assert kept_of(list(DEFAULT)) is None
    assert steps_of(None) == DEFAULT


hours, percents = st.integers(1, MAX_HOURS), st.integers(0, 100)


@st.composite
def rules(draw):
    shares = sorted(draw(st.sets(percents, min_size=1, max_size=3)), reverse=True)
    early = len(shares) - 1
    ends = sorted(draw(st.sets(hours, min_size=early, max_size=early)), reverse=True)
    return [Step(*step) for step in zip([*ends, None], shares, strict=True)]


def by_hand(rule, start, zone, deadline, at):
    """As a person reads it: the first step that is not over."""
    if at >= deadline:
        return 0
    ends = [moved(start, -timedelta(hours=step.hours_before or 0), zone) for step in rule]
    open_ones = (s.percent for s, end in zip(rule, ends, strict=True) if at < end)
    return next((percent for percent in open_ones), rule[-1].percent)


@given(
    st.lists(rules(), min_size=1, max_size=4),
    st.datetimes(datetime(2031, 1, 1), datetime(2031, 12, 31)),  # noqa: DTZ001
    st.sampled_from(["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    hours,
    st.integers(0, MAX_HOURS * 2),
)
def test_at_each_moment_the_best_of_all_rules_holds(found, local, zone, before_deadline, earlier):
    zone = ZoneInfo(zone)
    start = local.replace(tzinfo=zone).astimezone(UTC)
    deadline = start - timedelta(hours=before_deadline)
    periods = periods_of(found, start, zone, deadline)
    at = start - timedelta(hours=earlier)
    best = max(by_hand(rule, start, zone, deadline, at) for rule in found)
    assert percent_at(periods, at) == best
    assert [p.until for p in periods] == sorted({p.until for p in periods})
    assert periods[-1].until == deadline
    shares = [period.percent for period in periods]
    assert shares == sorted(set(shares), reverse=True)
