"""Finding events: filters and order in the address, feeds, and what machines read on the page."""

import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from app.lib.datetimes import day_begins, weekend
from app.models.columns import now
from app.web import event_filters
from tests.web.conftest import HTMX

DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def titles(visitor):
    def ask(address):
        page = visitor.get(address).text
        return re.findall(r'card-title"><a [^>]+>([^<]+)<', page)

    return ask


@pytest.fixture
def season(make_event):
    for name, days, facts in (
        ("Yesterday", -1, {}),
        ("Soon Free", 3, {"city": "Kochi"}),
        ("Soon Full", 4, {"seats_available": 0, "price_minor": 100}),
        ("Later Dear", 20, {"city": "Chennai", "price_minor": 90000}),
        ("Much Later Cheap", 60, {"city": "chennai", "price_minor": 100}),
        ("Not Yet", 5, {"sales_open_at": now() + DAY}),
    ):
        make_event(name=name, start_at=now() + days * DAY, **facts)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/", ["Soon Free", "Soon Full", "Not Yet", "Later Dear", "Much Later Cheap"]),
        ("/?when=week", ["Soon Free", "Soon Full", "Not Yet"]),
        ("/?when=month", ["Soon Free", "Soon Full", "Not Yet", "Later Dear"]),
        ("/?when=past", ["Yesterday"]),
        ("/?price=free", ["Soon Free", "Not Yet"]),
        ("/?price=paid", ["Soon Full", "Later Dear", "Much Later Cheap"]),
        ("/?available=1", ["Soon Free", "Later Dear", "Much Later Cheap"]),
        ("/?city=CHENNAI", ["Later Dear", "Much Later Cheap"]),
        ("/?city=Atlantis", []),
        ("/?price=paid&sort=price", ["Soon Full", "Much Later Cheap", "Later Dear"]),
        ("/?q=later&when=month", ["Later Dear"]),
        ("/?when=rubbish&price=rubbish&sort=rubbish&available=rubbish&price=free", None),
    ],
)
def test_each_filter_leaves_what_fits_and_the_address_says_it(titles, season, address, found):
    assert titles(address) == (titles("/") if found is None else found)


def test_the_choices_are_shown_as_chosen_and_the_cities_with_their_numbers(visitor, season):
    page = visitor.get("/?when=week&price=paid&available=1&city=Kochi&sort=price&q=x").text
    checked = re.findall(r'name="(\w+)" value="(\w*)" checked', page)
    assert checked == [("when", "week"), ("price", "paid"), ("available", "1")]
    assert '<option value="Kochi" selected>Kochi (1)</option>' in page
    assert re.search(r'<option value="price" selected>', page)
    assert re.search(r">[Cc]hennai \(2\)<", page)


def test_each_choice_is_told_in_words_and_taken_away_by_itself(visitor, season):
    page = visitor.get("/?when=week&price=paid&city=Kochi&q=x").text
    told = re.search(r'<ul class="chosen".*?</ul>', page, re.DOTALL)[0]
    assert re.findall(r"<a [^>]+>(.*?) <span", told) == ["“x”", "In 7 days", "Kochi", "Paid"]
    assert 'href="/?q=x&amp;when=week&amp;city=Kochi"' in told
    assert 'class="chosen"' not in visitor.get("/").text


KOLKATA, AUCKLAND = "Asia/Kolkata", "Pacific/Auckland"


@pytest.mark.parametrize(
    ("zone", "at", "days"),
    [
        # Thursday 23:30 in Kolkata is Friday in Auckland.
        (KOLKATA, "2031-05-08T18:00", {"today": ["thu"], "weekend": ["sat", "sun"]}),
        (AUCKLAND, "2031-05-08T18:00", {"today": ["fri"], "weekend": ["sat", "sun"]}),
        (KOLKATA, "2031-05-10T04:00", {"today": ["sat"], "weekend": ["sat", "sun"]}),
        (KOLKATA, "2031-05-11T04:00", {"today": ["sun"], "weekend": ["sun"]}),
        (KOLKATA, "2031-05-11T20:00", {"today": ["mon"], "weekend": []}),
    ],
)
def test_today_and_the_weekend_are_those_of_the_sites_zone(zone, at, days):
    begin = datetime.fromisoformat(at).replace(tzinfo=UTC)
    noons = {
        name: datetime(2031, 5, 8 + number, 12, tzinfo=ZoneInfo(zone))
        for number, name in enumerate(("thu", "fri", "sat", "sun", "mon"))
    }
    first, last = day_begins(begin, ZoneInfo(zone)), day_begins(begin, ZoneInfo(zone), 1)
    assert [day for day, noon in noons.items() if first <= noon < last] == days["today"]
    first, last = weekend(begin, ZoneInfo(zone))
    found = [
        day
        for day, noon in noons.items()
        if first <= noon < last and noon.date() >= begin.astimezone(ZoneInfo(zone)).date()
    ]
    assert found == days["weekend"]


@pytest.fixture
def at_thursday_noon(monkeypatch):
    monkeypatch.setattr(event_filters, "now", lambda: datetime(2031, 5, 8, 6, 30, tzinfo=UTC))


def test_today_and_the_weekend_leave_what_takes_place_then(titles, make_event, at_thursday_noon):
    zone = ZoneInfo(KOLKATA)
    for name, day, hour, end in (
        ("Tonight", 8, 23, (9, 1)),
        ("Friday", 9, 10, None),
        ("Friday Night", 9, 22, (10, 2)),
        ("Fair", 9, 10, (12, 18)),
        ("Saturday", 10, 0, None),
        ("Sunday", 11, 23, None),
        ("Monday", 12, 0, None),
    ):
        make_event(
            name=name,
            start_at=datetime(2031, 5, day, hour, tzinfo=zone),
            end_at=datetime(2031, 5, *end, tzinfo=zone) if end else None,
        )
    assert titles("/?when=today") == ["Tonight"]
    assert titles("/?when=weekend") == ["Fair", "Saturday", "Sunday"]


def test_htmx_gets_an_address_with_only_what_was_chosen(visitor, season):
    answer = visitor.get("/?q=&when=&price=free&city=&sort=", headers=HTMX)
    assert answer.headers["HX-Push-Url"] == "/?price=free"
    assert "<html" not in answer.text


@pytest.mark.parametrize("path", ["/?sort=price", "/?when=past", "/?price=free"])
def test_the_pages_of_a_filtered_list_hold_every_event_once(visitor, factories, path):
    start = now() - DAY if "past" in path else now() + DAY
    for number in range(30):
        factories.event(name=f"E{number}", start_at=start)
    seen, address = [], path
    while address:
        page = visitor.get(address).text
        seen += re.findall(r'card-title"><a [^>]+>E(\d+)<', page)
        more = re.search(r'href="([^"]+after=[^"]+)"', page)
        address = more and more[1].replace("&amp;", "&")
    assert sorted(map(int, seen)) == list(range(30))


def test_the_calendar_of_all_events_is_one_that_calendars_accept(visitor, make_event):
    start = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)
    long = "Ōnam, sadya; and a \\ name " + "long enough to be folded " * 5
    make_event(name=long.strip(), start_at=start, end_at=start + 2 * DAY, description="**Come**")
    make_event(name="Called Off", status="cancelled")
    make_event(name="Secret", status="draft")
    make_event(name="Over", start_at=now() - DAY)
    answer = visitor.get("/events.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    lines = answer.data.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    calendar = Calendar.from_ical(answer.data)
    assert (calendar["version"], calendar["prodid"]) == ("2.0", "-//Utsavam//Utsavam//EN")
    off, first = sorted(calendar.events, key=lambda entry: entry.start)
    assert first["summary"] == long.strip()
    assert (first.start, first.end) == (start, start + 2 * DAY)
    assert "Come" in first["description"]
    assert "**" not in first["description"]
    assert [off["status"], first["status"]] == ["CANCELLED", "CONFIRMED"]
    for entry in (off, first):
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL"} <= entry.keys()
    assert off["uid"] != first["uid"]


def test_one_events_calendar_is_at_its_address(visitor, make_event):
    event = make_event(name="Tech Talk")
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    assert f'href="/events/{event.id}/calendar.ics"' in page
    answer = visitor.get(f"/events/{event.id}/calendar.ics")
    (entry,) = Calendar.from_ical(answer.data).events
    assert entry["summary"] == "Tech Talk"
    assert visitor.get("/events/999/calendar.ics").status_code == 404


def test_the_feed_is_atom_with_an_entry_for_each_event(visitor, make_event):
    make_event(name="Cats & <Dogs>", price_minor=50000)
    make_event(name="Over", start_at=now() - DAY)
    answer = visitor.get("/events.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.data)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}title").text == "Cats & <Dogs>"
    assert entry.find(f"{ATOM}link").get("href").startswith("http://localhost/events/1/")
    assert "₹500" in entry.find(f"{ATOM}summary").text
    for name in ("id", "updated", "title"):
        assert feed.find(f"{ATOM}{name}").text


def test_the_list_names_its_feeds(visitor, clean):
    page = visitor.get("/").text
    assert '<link rel="alternate" type="application/atom+xml"' in page
    assert '<link rel="alternate" type="text/calendar"' in page


@pytest.mark.parametrize(
    ("facts", "availability", "status"),
    [
        ({}, "InStock", "EventScheduled"),
        ({"seats_available": 0}, "SoldOut", "EventScheduled"),
        ({"sales_open_at": now() + DAY}, "PreOrder", "EventScheduled"),
        ({"status": "cancelled"}, "OutOfStock", "EventCancelled"),
    ],
)
def test_search_engines_and_messengers_read_what_the_event_is(
    visitor, make_event, facts, availability, status
):
    start = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)
    name = 'A "night" & </script>'
    event = make_event(name=name, start_at=start, price_minor=50050, **facts)
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(text)
    assert (told["@type"], told["name"]) == ("Event", name)
    assert told["startDate"] == "2031-05-04T19:00:00+05:30"
    assert told["eventStatus"] == f"https://schema.org/{status}"
    assert (told["offers"]["price"], told["offers"]["priceCurrency"]) == ("500.50", "INR")
    assert told["offers"]["availability"] == f"https://schema.org/{availability}"
    assert told["location"]["address"]["addressLocality"] == "Bengaluru"
    og = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', page))
    assert og["title"] == "A &#34;night&#34; &amp; &lt;/script&gt;"
    assert og["url"] == f"http://localhost/events/{event.id}/{event.slug}"
    picture = visitor.get(og["image"].removeprefix("http://localhost"))
    assert picture.data.startswith(b"\x89PNG")
    assert picture.mimetype == "image/png"


def test_an_event_taken_down_says_so_to_people_and_404_to_programs(
    visitor, client, make_event, sql, factories
):
    event = make_event()
    sql("UPDATE events SET deleted_at = now()")
    factories.show()
    page = visitor.get(f"/events/{event.id}/{event.slug}")
    assert page.status_code == 410
    assert "taken it down" in page.text
    assert client.get(f"/events/{event.id}").status_code == 404


def test_a_booking_form_whose_session_is_over_asks_for_a_name_and_keeps_the_choice(
    visitor, make_event
):
    event = make_event()
    form = {"seats": "3", "idempotency_key": "k" * 10}
    path = f"/events/{event.id}/bookings"
    asked_again = visitor.post(path, form, csrf=False)
    assert asked_again.status_code == 400
    assert 'value="3"' in asked_again.text
    answer = visitor.post(path, form)
    assert answer.status_code == 422
    assert 'value="3"' in answer.text
    assert "Enter your name." in answer.text


def test_another_form_whose_session_is_over_says_what_to_do(visitor, clean):
    answer = visitor.post("/account/name", {"name-name": "x"}, csrf=False)
    assert answer.status_code == 400
    assert "without the mark that our pages put into it" in answer.text
    assert 'name="name-name" value="x"' in answer.text


def test_more_events_take_the_focus_and_are_there_again_after_back(visitor, titles, factories):
    for number in range(30):
        factories.event(name=f"E{number}", start_at=now() + DAY)
    address = re.search(r'hx-get="([^"]+)" hx-target="#more"', visitor.get("/").text)[1]
    answer = visitor.get(address.replace("&amp;", "&"), headers={**HTMX, "HX-Target": "more"})
    assert answer.headers["HX-Replace-Url"] == "/?shown=24"
    assert len(re.findall(r'card-title"><a [^>]* data-focus>E12<', answer.text)) == 1
    assert answer.text.count("data-focus") == 1
    assert '<p id="live" hx-swap-oob="innerHTML">12 more events</p>' in answer.text
    assert titles("/?shown=24") == [f"E{number}" for number in range(24)]
    assert len(titles("/?shown=999999")) == 30
    assert len(titles("/?shown=-5")) == len(titles("/?shown=rubbish")) == 12
