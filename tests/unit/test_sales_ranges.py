"""Spans of days by name or as typed, and the time before that each is compared to."""

from datetime import date

import pytest

from app.errors import InvalidField
from app.services.sales_ranges import days_between, named_range

TODAY = date(2027, 3, 3)  # a Wednesday


@pytest.mark.parametrize(
    ("name", "first", "last", "before"),
    [
        ("today", "2027-03-03", "2027-03-03", "2027-03-02"),
        ("7", "2027-02-25", "2027-03-03", "2027-02-18"),
        ("last-week", "2027-02-22", "2027-02-28", "2027-02-15"),
        ("last-month", "2027-02-01", "2027-02-28", "2027-01-01"),
    ],
)
def test_a_name_is_a_span_and_the_time_before(name, first, last, before):
    found = named_range(name, TODAY)
    assert [day.isoformat() for day in (found.first, found.last, found.before)] == [
        *(first, last, before),
    ]


@pytest.mark.parametrize("today", [date(2027, 3, 1), date(2027, 3, 7), date(2027, 1, 1)])
def test_last_week_is_whole_and_over(today):
    found = named_range("last-week", today)
    assert (found.first.weekday(), found.last.weekday()) == (0, 6)
    assert 1 <= (today - found.last).days <= 7


def test_typed_days_are_compared_to_as_many_before():
    found = days_between(date(2027, 2, 1), date(2027, 2, 10), TODAY)
    assert found.before == date(2027, 1, 22)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2027, 2, 2), date(2027, 2, 1)),
        (date(1999, 12, 31), date(2000, 1, 5)),
        (date(2024, 1, 1), TODAY),
        (TODAY, date(2028, 1, 1)),
    ],
)
def test_an_impossible_span_is_refused(first, last):
    with pytest.raises(InvalidField):
        days_between(first, last, TODAY)
