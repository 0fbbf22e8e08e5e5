"""Sales by day and event: past days from sums, today live, and both the same as counting anew."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.models.columns import now
from app.services import bookings, sales
from app.services.sales import Sums

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def today():
    return now().date()


@pytest.fixture
def booked(make_event, make_user, sql):
    """`booked(days_ago, seats, cancelled=days_ago)`: a booking of the past."""
    event, user = make_event(capacity=1000), make_user()

    def make(ago, seats=1, cancelled=None, event=event):
        sql(
            "INSERT INTO bookings (reference, user_id, event_id, seats, created_at, status,"
            " cancelled_at) VALUES (gen_random_uuid()::text::varchar(20), %s, %s, %s, %s, %s, %s)",
            user.id,
            event.id,
            seats,
            now() - ago * DAY,
            "CONFIRMED" if cancelled is None else "CANCELLED",
            None if cancelled is None else now() - cancelled * DAY,
        )

    make.event = event
    return make


def figures(found):
    return {day: sums for day, sums in found.days if sums != Sums()}


def test_each_booking_counts_on_its_day_and_each_return_on_its_own(app, booked, today):
    booked(3, seats=2)
    booked(3, seats=4, cancelled=1)
    booked(0, seats=1)
    found = sales.sales(today - 6 * DAY, today, UTC_ZONE)
    assert len(found.days) == 7
    assert figures(found) == {
        today - 3 * DAY: Sums(2, 6, 0, 0),
        today - DAY: Sums(0, 0, 1, 4),
        today: Sums(1, 1, 0, 0),
    }
    assert found.total == Sums(3, 7, 1, 4)
    assert found.total.seats_sold == 3


def test_the_time_before_is_as_long(app, booked, today):
    for ago in (0, 6, 7, 13, 14):
        booked(ago)
    found = sales.sales(today - 6 * DAY, today, UTC_ZONE)
    assert (found.total.bookings, found.before.bookings) == (2, 2)


def test_years_that_were_never_summed_are_summed_by_and_by(app, booked, today, sql):
    for ago in (1, 6, 7, 8, 30, 90):
        booked(ago)
    found = sales.sales(today - 99 * DAY, today, UTC_ZONE)
    assert found.total.bookings == 6
    assert sql("SELECT count(*), max(day) - min(day) FROM summed_days") == [(90, 89)]
    assert sql("SELECT count(*) FROM sales_days") == [(6,)]


def test_past_days_are_summed_once_and_today_is_live(app, booked, today, sql):
    booked(2)
    sales.sales(today - 6 * DAY, today, UTC_ZONE)
    assert sql("SELECT count(*) FROM sales_days") == [(1,)]
    sql("UPDATE sales_days SET bookings = 77")
    booked(0)
    found = sales.sales(today - 6 * DAY, today, UTC_ZONE)
    assert [sums.bookings for _day, sums in found.days] == [0, 0, 0, 0, 77, 0, 1]


def test_a_later_cancellation_leaves_the_day_of_the_booking_as_it_was(
    app, desk, booked, today, sql
):
    booked(2, seats=5)
    sql("UPDATE events SET seats_available = seats_available - 5")
    before = figures(sales.sales(today - 6 * DAY, today, UTC_ZONE))
    bookings.cancel(desk, 1, keep=2)
    after = figures(sales.sales(today - 6 * DAY, today, UTC_ZONE))
    assert after == {**before, today: Sums(0, 0, 1, 3)}
    for table in ("sales_days", "summed_days"):
        sql(f"DELETE FROM {table}")
    assert figures(sales.sales(today - 6 * DAY, today, UTC_ZONE)) == after


def test_events_are_all_there_sold_or_not_and_deleted_ones_that_sold(
    app, booked, make_event, today, sql
):
    quiet, gone = make_event(name="Quiet"), make_event(name="Gone", capacity=50)
    never = make_event(name="Never Sold")
    booked(1, event=gone)
    sql("UPDATE events SET deleted_at = now() WHERE id IN (%s, %s)", gone.id, never.id)
    found = {
        row.event.name: row.sums.bookings
        for row in sales.sales(today - DAY, today, UTC_ZONE).events
    }
    assert found == {booked.event.name: 0, "Quiet": 0, "Gone": 1}
    assert quiet.name in found


def test_a_day_ends_at_midnight_utc(app, booked, today, sql):
    booked(0)
    yesterday = today - DAY
    late = datetime.combine(yesterday, datetime.max.time(), UTC)
    sql("UPDATE bookings SET created_at = %s", late)
    assert figures(sales.sales(yesterday, today, UTC_ZONE)) == {yesterday: Sums(1, 1, 0, 0)}


def test_with_nothing_at_all_every_figure_is_nought(app, today):
    found = sales.sales(today - 29 * DAY, today, UTC_ZONE)
    assert (len(found.days), found.total, found.before) == (30, Sums(), Sums())
    assert found.events == []
    assert isinstance(found.days[0][0], date)


def test_booked_value_is_what_seats_cost_less_what_was_given_back(app, booked, today, sql):
    booked(3, seats=2)
    booked(3, seats=4, cancelled=1)
    booked(0, seats=1)
    sql("UPDATE bookings SET price_minor = 49900")
    found = sales.sales(today - 6 * DAY, today, UTC_ZONE)
    assert {day: sums.value for day, sums in found.days if sums.value} == {
        today - 3 * DAY: {"INR": 6 * 49900},
        today - DAY: {"INR": -4 * 49900},
        today: {"INR": 49900},
    }
    assert found.total.value == {"INR": 3 * 49900}


def test_values_in_two_currencies_are_never_added(app, booked, make_event, today, sql):
    for ago in (1, 0):
        booked(ago, seats=2)
        booked(ago, seats=1, event=make_event(currency="JPY"))
    sql("UPDATE bookings SET price_minor = 100")
    found = sales.sales(today - DAY, today, UTC_ZONE)
    one_day = {"INR": 200, "JPY": 100}
    assert [sums.value for _day, sums in found.days] == [one_day, one_day]
    assert found.total.value == {"INR": 400, "JPY": 200}
    assert found.total.bookings == 4
    assert sorted(row.value for row in found.events) == [100, 100, 400]
    assert sales.sales(today, today, UTC_ZONE).before.value == one_day


@pytest.mark.long
def test_a_day_ends_at_the_sites_midnight(app, booked, sql):
    booked(0)
    sql("UPDATE bookings SET created_at = '2026-05-01 20:00+00'")
    first, last = date(2026, 5, 1), date(2026, 5, 2)
    for zone, day in (("UTC", first), ("Asia/Kolkata", last), ("UTC", first)):
        found = sales.sales(first, last, ZoneInfo(zone))
        assert figures(found) == {day: Sums(1, 1)}
        assert {row[0] for row in sql("SELECT time_zone FROM summed_days")} == {zone}
