"""Calendar files: what has been imported follows the event (RFC 5545, RFC 5546)."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from app.models.columns import now
from app.models.event import set_default_length
from app.services import bookings, events

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)


@pytest.fixture
def event(make_event):
    # Long ago by a calendar's clock, which knows whole seconds only.
    return make_event(
        name="Kolam",
        start_at=START,
        description="First, *with* care;\n\nsecond.",
        updated_at=now() - HOUR,
    )


@pytest.fixture
def change(app, desk):
    def change(event, facts):
        with app.app_context():
            events.update_event(event.id, facts, desk)

    return change


@pytest.fixture
def give_back(app, desk):
    def give_back(booking, **keep):
        with app.app_context():
            bookings.cancel(desk, booking.id, **keep)

    return give_back


def entry_of(answer):
    calendar = Calendar.from_ical(answer.data)
    assert "method" not in calendar
    (entry,) = calendar.events
    return entry


@pytest.fixture
def imported(visitor):
    return lambda event: entry_of(visitor.get(f"/events/{event.id}/calendar.ics"))


@pytest.fixture
def of_booking(signed_in):
    return lambda booking: entry_of(signed_in.get(f"/bookings/{booking.id}/calendar.ics"))


@pytest.mark.parametrize(
    "facts",
    [
        {"start_at": START + HOUR},
        {"end_at": START + 2 * HOUR},
        {"time_zone": "Europe/Berlin"},
        {"venue": "Town Hall"},
        {"address": "1 Long Road"},
        {"city": "Kochi"},
        {"name": "Kolam Evening"},
        {"status": "cancelled"},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_a_change_that_a_calendar_shows_is_the_next_version_of_its_entry(
    change, event, imported, facts
):
    before = imported(event)
    change(event, facts)
    after = imported(event)
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after["uid"] == before["uid"]
    for stamp in ("dtstamp", "last-modified"):
        assert after[stamp].dt > before[stamp].dt
    change(event, facts)
    assert imported(event)["sequence"] == 1


def test_other_changes_keep_the_version_and_are_newer_all_the_same(change, event, imported):
    before = imported(event)
    change(event, {"capacity": 60, "sales_paused": True})
    after = imported(event)
    assert after["sequence"] == 0
    assert after["last-modified"].dt > before["last-modified"].dt


def test_a_cancelled_event_is_cancelled_in_the_calendar_and_may_come_back(change, event, imported):
    assert imported(event)["status"] == "CONFIRMED"
    change(event, {"status": "cancelled"})
    assert imported(event)["status"] == "CANCELLED"
    change(event, {"status": "published"})
    assert (imported(event)["status"], imported(event)["sequence"]) == ("CONFIRMED", 2)


def test_an_event_without_an_end_lasts_as_long_as_the_site_says(event, imported, make_event):
    assert (imported(event).start, imported(event).end) == (START, START + 3 * HOUR)
    fair = make_event(start_at=START, end_at=START + 2 * DAY)
    assert imported(fair).end == START + 2 * DAY


def test_a_changed_default_length_is_the_next_version_for_whom_it_concerns(
    app, event, imported, of_booking, make_event, make_booking, alice
):
    booking = make_booking(event, user=alice)
    own_end = make_event(start_at=START, end_at=START + DAY)
    before, theirs = imported(event), of_booking(booking)
    try:
        set_default_length(2 * HOUR)
        result = app.test_cli_runner().invoke(args=["revise-calendars"])
        after = imported(event)
        assert (before.end, after.end) == (START + 3 * HOUR, START + 2 * HOUR)
        assert (before["sequence"], after["sequence"]) == (0, 1)
        assert after["dtstamp"].dt > before["dtstamp"].dt
        assert of_booking(booking)["sequence"] == theirs["sequence"] + 1
        assert imported(own_end)["sequence"] == 0
        assert result.output == "1 event has a new version in calendars.\n"
    finally:
        set_default_length(3 * HOUR)


def test_what_is_over_or_a_draft_gets_no_new_version(app, make_event, sql):
    make_event(start_at=now() - 4 * HOUR)
    make_event(start_at=START, status="draft")
    result = app.test_cli_runner().invoke(args=["revise-calendars"])
    assert result.output == "0 events have a new version in calendars.\n"
    assert sql("SELECT DISTINCT calendar_sequence FROM events") == [(0,)]


def test_paragraphs_and_signs_survive(event, imported):
    text = imported(event)["description"]
    assert text.startswith("First, with care;\n\nsecond.\n\nhttp")


def test_the_entry_of_a_booking_leads_to_the_ticket(of_booking, event, make_booking, alice):
    booking = make_booking(event, user=alice, seats=3)
    entry = of_booking(booking)
    assert entry["url"].endswith(f"/bookings/{booking.id}")
    assert "3 seats\n" in entry["description"]
    assert booking.spoken_reference in entry["description"]
    assert entry.end == START + 3 * HOUR


def test_the_entry_of_a_booking_follows_what_happens_to_it(
    change, give_back, of_booking, event, make_booking, alice
):
    booking = make_booking(event, user=alice, seats=3)
    made = of_booking(booking)
    give_back(booking, keep=2)
    fewer = of_booking(booking)
    assert "2 seats\n" in fewer["description"]
    change(event, {"start_at": START + HOUR})
    moved = of_booking(booking)
    assert moved.start == START + HOUR
    give_back(booking)
    gone = of_booking(booking)
    versions = [made, fewer, moved, gone]
    assert [entry["sequence"] for entry in versions] == [0, 1, 2, 3]
    assert [entry["status"] for entry in versions] == 3 * ["CONFIRMED"] + ["CANCELLED"]
    assert len({entry["uid"] for entry in versions}) == 1
    stamps = [entry["dtstamp"].dt for entry in versions]
    assert stamps == sorted(stamps)


def test_a_cancelled_events_booking_is_cancelled_in_the_calendar(
    change, of_booking, event, make_booking, alice
):
    booking = make_booking(event, user=alice)
    change(event, {"status": "cancelled"})
    assert (of_booking(booking)["status"], of_booking(booking)["sequence"]) == ("CANCELLED", 1)


def test_the_calendar_of_all_events_has_their_versions(change, event, visitor):
    change(event, {"start_at": START + HOUR})
    calendar = Calendar.from_ical(visitor.get("/events.ics").data)
    assert "method" not in calendar
    assert [entry["sequence"] for entry in calendar.events] == [1]
