"""A copy of an event on another date: all its moments move, by the clock on the wall."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import InvalidField
from app.services import events

BERLIN = "Europe/Berlin"


def local(event, name):
    at = getattr(event, name)
    return at and at.astimezone(event.zone).strftime("%d.%m. %H:%M")


def test_every_moment_moves_with_the_start_and_keeps_its_hour_where_clocks_change(desk, make_event):
    event = make_event(
        time_zone=BERLIN,
        start_at=datetime(2031, 3, 28, 18, tzinfo=UTC),  # 19:00, two days before summer time
        end_at=datetime(2031, 3, 29, 1, tzinfo=UTC),
        sales_open_at=datetime(2031, 3, 1, 9, tzinfo=UTC),
        sales_close_at=datetime(2031, 3, 28, 17, tzinfo=UTC),
        cancel_until=datetime(2031, 3, 27, 11, tzinfo=UTC),
    )
    start = datetime(2031, 4, 4, 17, tzinfo=UTC)  # 19:00 again, a week later
    copy = events.duplicate_event(event.id, "Again", desk, start=start)
    assert copy.start_at == start
    assert {name: local(copy, name) for name in events.MOMENTS} == {
        "start_at": "04.04. 19:00",
        "end_at": "05.04. 02:00",
        "sales_open_at": "08.03. 10:00",
        "sales_close_at": "04.04. 18:00",
        "cancel_until": "03.04. 12:00",
    }


def test_what_was_left_open_stays_open_and_a_copy_without_a_date_keeps_every_moment(
    desk, make_event
):
    event = make_event(end_at=None)
    moved = events.duplicate_event(event.id, "B", desk, start=event.start_at + timedelta(days=1))
    assert [getattr(moved, name) for name in events.MOMENTS[1:]] == [None] * 4
    opens = event.start_at - timedelta(days=3)
    kept = events.duplicate_event(make_event(sales_open_at=opens).id, "C", desk)
    assert kept.sales_open_at == opens


@pytest.mark.parametrize("year", [1970, 9998])
def test_a_date_that_the_other_moments_can_not_follow_is_refused(desk, make_event, year):
    event = make_event(
        start_at=datetime(2031, 6, 1, tzinfo=UTC),
        end_at=datetime(2032, 6, 1, tzinfo=UTC),
        sales_open_at=datetime(2030, 6, 1, tzinfo=UTC),
    )
    with pytest.raises(InvalidField, match="years"):
        events.duplicate_event(event.id, "B", desk, start=datetime(year, 12, 1, tzinfo=UTC))
