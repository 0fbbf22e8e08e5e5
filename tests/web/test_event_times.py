"""What pages, feeds and the API say of an event under way, and of one that lasts for days."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.models import Event
from app.models.columns import now
from app.presenters.event_times import happening, when

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2031, 5, 2, 4, 30, tzinfo=UTC)


def words(app, end, zone="Asia/Kolkata", start=START):
    with app.test_request_context():
        return when(Event(start_at=start, end_at=end, time_zone=zone))


def test_an_event_of_several_days_shows_both_by_its_own_clock(app):
    assert words(app, START + 2 * DAY) == "Fri 2 May 2031, 10:00 – Sun 4 May, 10:00"
    new_year = datetime(2031, 12, 31, 4, 30, tzinfo=UTC)
    shown = words(app, new_year + DAY, start=new_year)
    assert shown == "Wed 31 Dec 2031, 10:00 – Thu 1 Jan 2032, 10:00"
    # The same two moments are one day in Kolkata and two in Auckland.
    assert words(app, START + 9 * HOUR) == "Fri 2 May 2031, 10:00"
    shown = words(app, START + 15 * HOUR, "Pacific/Auckland")
    assert shown == "Fri 2 May 2031, 16:30 – Sat 3 May, 07:30"


def test_a_late_evening_is_one_day(app):
    assert words(app, None) == "Fri 2 May 2031, 10:00"
    assert words(app, START + 19 * HOUR) == "Fri 2 May 2031, 10:00"


def test_today_goes_by_the_events_clock(app):
    event = Event(start_at=START, time_zone="Asia/Kolkata", status="published")
    with app.test_request_context():
        assert happening(event, START - 10 * HOUR) == "Today"
        assert happening(event, START - 11 * HOUR) == ""
        assert happening(event, START) == "Under way"
        assert happening(event, START + 3 * HOUR) == ""
        event.status = "cancelled"
        assert happening(event, START) == ""


@pytest.fixture
def fair(make_event):
    start = now() - DAY
    return make_event(name="Fair", start_at=start, end_at=start + 3 * DAY)


def test_an_event_under_way_says_so_on_every_page_and_in_the_feed(visitor, fair, settings):
    assert "Under way" in visitor.get("/").text
    page = visitor.get(f"/events/{fair.id}/{fair.slug}").text
    assert "The event is under way. Seats are no longer sold here." in page
    assert "This event is over" not in page
    feed = visitor.get("/events.atom").text
    assert "Under way · " in feed
    assert "Fair" in visitor.get("/events.ics").text
    visitor.log_in(settings.admin_key[0])
    assert "Under way" in visitor.get("/admin/events").text


def test_a_fair_that_sells_on_its_second_day_has_a_form(visitor, make_event):
    start = now() - DAY
    end = start + 3 * DAY
    event = make_event(start_at=start, end_at=end, sales_close_at=end)
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    assert "Under way" in page
    assert "data-book=" in page


def test_the_ticket_of_today_is_on_top_and_says_so(
    signed_in, alice, fair, make_event, make_booking
):
    make_booking(make_event(name="Next Month"), user=alice)
    booking = make_booking(fair, user=alice)
    page = signed_in.get("/bookings").text
    assert page.index("Fair") < page.index("Next Month")
    assert page.count("Under way") == 1
    assert "Under way" in signed_in.get(f"/bookings/{booking.id}").text


def test_the_page_for_leaving_counts_what_would_be_cancelled(
    signed_in, alice, fair, make_event, make_booking
):
    make_booking(fair, user=alice)
    make_booking(make_event(), user=alice)
    page = signed_in.get("/account/deletion").text
    assert "Your 1 upcoming booking is cancelled" in page


@pytest.mark.parametrize(
    ("zone", "clock", "name"),
    [
        ("Asia/Kolkata", "19:00", "IST"),
        ("Asia/Dubai", "17:30", "Dubai"),
        ("America/Sao_Paulo", "10:30", "Sao Paulo"),
        ("Europe/London", "14:30", "BST"),
    ],
)
def test_moments_name_the_zone_of_their_event(
    signed_in, alice, make_event, make_booking, zone, clock, name
):
    start = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)
    event = make_event(start_at=start, time_zone=zone, sales_close_at=start)
    booking = make_booking(event, user=alice)
    for path in (
        "/",
        "/bookings",
        f"/events/{event.id}/{event.slug}",
        f"/bookings/{booking.id}",
        f"/bookings/{booking.id}/cancellation",
    ):
        page = re.sub(
            r"\s+", " ", re.sub("<script.*?</script>|<[^>]+>", "", signed_in.get(path).text)
        )
        told = re.findall(rf"{clock} ?(\S+ ?\S*)", page)
        assert told, path
        assert all(words.startswith(name) for words in told), (path, told)
    assert f"{clock} {name}" in signed_in.get("/events.atom").text


def test_the_opening_of_a_sale_has_the_zones_name_at_that_time(visitor, make_event):
    event = make_event(
        start_at=datetime(2031, 5, 4, 13, 30, tzinfo=UTC),
        sales_open_at=datetime(2031, 1, 3, 4, 30, tzinfo=UTC),
        time_zone="Europe/London",
    )
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    opens = re.findall(r"3 Jan[^<]*04:30(?:\s|<[^>]+>)*(\w+)", page)
    assert len(opens) >= 2
    assert set(opens) == {"GMT"}
