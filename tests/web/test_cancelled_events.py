"""A cancelled event, as its guests and its organisers see it: booked, and what is owed."""

import csv
import io
import json

import pytest

from app.services import events


@pytest.fixture
def cancelled(app, make_event, make_user, make_booking, alice):
    """Alice's booking of two seats at ₹500, of a cancelled event, and another guest's free one."""
    event = make_event(name="Indie Night", price_minor=50000, capacity=9)
    booking = make_booking(event, user=alice, seats=2, price_minor=50000)
    make_booking(event, user=make_user(email="bo@example.com", name="Bo"))
    turn(app, event.id, "cancelled")
    return booking


def turn(app, event_id, status):
    with app.app_context():
        events.update_event(event_id, {"status": status}, app.extensions["desk"])


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_guests_pages_say_it_and_offer_nothing_to_give_back(signed_in, cancelled):
    for path in ("/bookings", f"/bookings/{cancelled.id}"):
        page = signed_in.get(path).text
        assert "Event cancelled" in page or "has cancelled this event" in page
        assert f"/bookings/{cancelled.id}/cancellation" not in page
    assert "₹1,000 is owed to you" in page
    page = signed_in.get(f"/bookings/{cancelled.id}/cancellation").text
    assert "there is nothing to give back" in page
    signed_in.post(f"/bookings/{cancelled.id}/cancellation")
    assert "there is nothing to give back" in signed_in.get(f"/bookings/{cancelled.id}").text
    exported = json.loads(signed_in.get("/account/data.json").text)
    assert exported["bookings"][0]["state"] == "EVENT_CANCELLED"


def test_lists_and_exports_of_organisers_name_the_state(organiser, cancelled):
    page = organiser.get("/admin/bookings").text
    assert 'Event cancelled <span class="count">2<' in page
    assert "Going <" in page
    assert ">Going</span>" not in page
    assert ">Event cancelled</span>" in organiser.get(f"/admin/bookings/{cancelled.id}").text
    going = organiser.get("/admin/bookings.csv?status=confirmed")
    assert rows_of(going) == []
    found = rows_of(organiser.get("/admin/bookings.csv?status=event_cancelled"))
    assert {row["Status"] for row in found} == {"Event cancelled"}


def test_what_is_owed_is_listed_until_the_event_takes_place_after_all(app, organiser, cancelled):
    path = f"/admin/refunds?event={cancelled.event_id}"
    page = organiser.get(path).text
    assert "alice@example.com" in page
    assert "₹1,000" in page
    assert "bo@example.com" not in page, "nothing is owed for a free seat"
    (row,) = rows_of(organiser.get("/admin/refunds.csv"))
    assert (row["Email"], row["Seats"]) == ("alice@example.com", "2")
    assert (row["Amount"], row["Currency"]) == ("1000.00", "INR")
    turn(app, cancelled.event_id, "published")
    assert "Nothing is to be given back." in organiser.get(path).text
    assert rows_of(organiser.get("/admin/refunds.csv")) == []
