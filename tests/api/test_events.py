"""Reading events needs no key; changing them needs the organiser's."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models.columns import now

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)
WISH = {"name": "Kolam Morning", "start_at": "2099-01-02T06:30:00+05:30", "capacity": 40}


def test_an_event_is_shown_with_its_seats(anyone, make_event):
    event = make_event(capacity=5, seats_available=5, price_minor=50000, max_per_person=4)
    shown = anyone.get(f"/events/{event.id}").json
    assert (shown["id"], shown["name"], shown["venue"]) == (event.id, event.name, event.venue)
    assert (shown["capacity"], shown["seats_available"], shown["sale_state"]) == (5, 5, "open")
    assert (shown["price_minor"], shown["currency"], shown["max_per_person"]) == (50000, "INR", 4)
    assert datetime.fromisoformat(shown["start_at"]) == event.start_at


def test_times_are_rfc_3339_in_utc(organiser):
    shown = organiser.post("/admin/events", WISH).json
    assert shown["start_at"] == "2099-01-02T01:00:00Z"


@pytest.mark.parametrize("address", ["/events/999", "/events/999999999999999999"])
def test_an_unknown_event_is_404(anyone, problem, address):
    problem(anyone.get(address), 404, "not-found")


def test_drafts_and_deleted_events_are_404(anyone, problem, make_event):
    for event in (make_event(status="draft"), make_event(deleted_at=now())):
        problem(anyone.get(f"/events/{event.id}"), 404, "not-found")


def test_an_unchanged_event_is_304_and_a_changed_one_is_sent_again(anyone, organiser, make_event):
    event = make_event()
    first = anyone.get(f"/events/{event.id}")
    seen = {"If-None-Match": first.headers["ETag"]}
    assert anyone.get(f"/events/{event.id}", headers=seen).status_code == 304
    organiser.put(f"/admin/events/{event.id}", {"capacity": 6})
    again = anyone.get(f"/events/{event.id}", headers=seen)
    assert (again.status_code, again.json["capacity"]) == (200, 6)
    assert again.headers["ETag"] != first.headers["ETag"]


def test_events_are_listed_the_soonest_first_without_the_past(anyone, make_event):
    for name, days in (("later", 9), ("past", -1), ("soon", 1)):
        make_event(name=name, start_at=now() + days * DAY)
    assert [event["name"] for event in anyone.get("/events").json] == ["soon", "later"]
    everything = anyone.get("/events?upcoming_only=false").json
    assert [event["name"] for event in everything] == ["past", "soon", "later"]


def test_events_are_found_by_words(anyone, make_event):
    make_event(name="Jazz by the Bay", city="Mumbai")
    make_event(name="Tech Talk", city="Chennai")
    assert [event["name"] for event in anyone.get("/events?q=jazz+mumbai").json] == [
        "Jazz by the Bay"
    ]


def test_words_of_a_search_act_as_filters_as_on_the_page(anyone, organiser, make_event):
    make_event(name="Jazz by the Bay", price_minor=100, start_at=now() + DAY)
    make_event(name="Tech Talk", price_minor=0, start_at=now() + 40 * DAY)
    for caller, address in ((anyone, "/events"), (organiser, "/admin/events")):
        for words, name in {"free": "Tech Talk", "tomorrow": "Jazz by the Bay"}.items():
            found = caller.get(f"{address}?q={words}").json
            assert [event["name"] for event in found] == [name], (address, words)


def test_the_next_links_lead_through_every_event_exactly_once(anyone, make_event, prefix):
    made = [make_event().id for _ in range(7)]
    seen, url = [], "/events?limit=3&q=Event&upcoming_only=true"
    for size in (3, 3, 1):
        answer = anyone.get(url)
        assert len(answer.json) == size
        seen += [event["id"] for event in answer.json]
        url = next_url(answer)
    assert seen == made
    assert url is None


def next_url(answer):
    """Where `Link: rel="next"` leads, below whichever prefix the caller puts before it."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    address, rel = link.split("; ")
    assert rel == 'rel="next"'
    return address.strip("<>").removeprefix("/api")


def test_the_organiser_creates_an_event(organiser, anyone):
    answer = organiser.post("/admin/events", {**WISH, "venue": "Mylapore Tank"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/events/{answer.json['id']}"
    assert anyone.get(answer.headers["Location"]).json == answer.json
    assert (answer.json["seats_available"], answer.json["status"]) == (40, "published")


def test_a_change_leaves_what_it_does_not_name(organiser, make_event):
    event = make_event(price_minor=700, venue="Here")
    answer = organiser.put(f"/admin/events/{event.id}", {"venue": "There"})
    assert answer.status_code == 200
    assert (answer.json["venue"], answer.json["price_minor"]) == ("There", 700)
    assert answer.json["capacity"] == 5


def test_a_capacity_below_the_seats_sold_is_409_and_names_their_number(
    organiser, problem, make_event, make_booking
):
    event = make_event(capacity=10)
    make_booking(event, seats=7)
    said = problem(
        organiser.put(f"/admin/events/{event.id}", {"capacity": 6}), 409, "capacity-below-sold"
    )
    assert said["seats_sold"] == 7
    assert "7 seats" in said["detail"]


def test_a_rule_between_two_fields_is_422_and_names_the_field(organiser, problem):
    said = problem(
        organiser.post("/admin/events", {**WISH, "end_at": "2099-01-01T00:00:00Z"}), 422, "invalid"
    )
    assert said["errors"] == [{"field": "end_at", "message": "must be after the start"}]


def test_an_event_is_deleted(organiser, anyone, problem, make_event):
    event = make_event()
    answer = organiser.delete(f"/admin/events/{event.id}")
    assert (answer.status_code, answer.data) == (204, b"")
    problem(anyone.get(f"/events/{event.id}"), 404)
    problem(organiser.delete(f"/admin/events/{event.id}"), 404)


def test_an_event_with_bookings_is_deleted_by_force_only(
    organiser, problem, make_event, make_booking
):
    event = make_event()
    booking = make_booking(event)
    said = problem(organiser.delete(f"/admin/events/{event.id}"), 409, "event-has-bookings")
    assert said["bookings"] == 1
    assert organiser.delete(f"/admin/events/{event.id}?force=true").status_code == 204
    assert organiser.get(f"/bookings/{booking.id}").json["status"] == "CANCELLED"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_changing_an_unknown_event_is_404(organiser, problem, method):
    body = {"json": {"capacity": 5}} if method == "PUT" else {}
    problem(organiser(method, "/admin/events/999", **body), 404, "not-found")


def test_the_list_answers_times_that_a_program_can_read(anyone, make_event):
    make_event(start_at=datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert anyone.get("/events").json[0]["start_at"] == "2099-01-02T03:04:05Z"


def test_where_an_event_stands_in_time_is_told_beside_its_sale(anyone, make_event):
    start = now() - DAY
    facts = [{"start_at": start, "end_at": start + 2 * DAY}, {}, {"start_at": start}]
    shown = [anyone.get(f"/events/{make_event(**fact).id}").json for fact in facts]
    assert [(event["phase"], event["sale_state"]) for event in shown] == [
        ("under_way", "closed"),
        ("upcoming", "open"),
        ("over", "ended"),
    ]
    assert [event["phase"] for event in anyone.get("/events").json] == ["under_way", "upcoming"]


def test_a_booked_currency_is_409_and_named(organiser, problem, make_event, make_booking):
    event = make_event(currency="JPY", price_minor=1000)
    make_booking(event)
    change = {"currency": "INR", "price_minor": 50000}
    said = problem(organiser.put(f"/admin/events/{event.id}", change), 409, "currency-fixed")
    assert said["currency"] == "JPY"
    assert "Seats were booked in JPY" in said["detail"]


def test_another_currency_comes_with_a_price(organiser, problem, make_event):
    event = make_event(price_minor=50000)
    path = f"/admin/events/{event.id}"
    said = problem(organiser.put(path, {"currency": "JPY"}), 422, "invalid")
    assert said["errors"][0]["field"] == "price_minor"
    shown = organiser.put(path, {"currency": "JPY", "price_minor": 1000}).json
    assert (shown["currency"], shown["price_minor"]) == ("JPY", 1000)


def test_a_booking_tells_its_currency_and_how_it_is_paid(organiser, make_event, make_booking):
    event = make_event(currency="AED", price_minor=15000)
    booking = make_booking(event, seats=2, price_minor=15000)
    shown = organiser.get(f"/bookings/{booking.id}").json
    assert (shown["currency"], shown["price_minor"]) == ("AED", 15000)
    assert shown["payment"] == "Pay AED\xa0300 at the door."
    note = {"payment_note": "By card at the gate"}
    assert (
        organiser.put(f"/admin/events/{event.id}", note).json["payment_note"]
        == note["payment_note"]
    )
    assert organiser.get(f"/bookings/{booking.id}").json["payment"] == "By card at the gate"


def test_guests_are_reminded_where_the_organiser_says_so(organiser, make_event, sql):
    facts = {"name": "Jazz", "start_at": "2031-01-31T19:00:00+05:30", "capacity": 5}
    made = organiser.post("/admin/events", {**facts, "reminds_guests": True}).json
    assert made["reminds_guests"] is True
    path = f"/admin/events/{made['id']}"
    assert organiser.put(path, {"venue": "The Barn"}).json["reminds_guests"] is True
    assert organiser.put(path, {"reminds_guests": False}).json["reminds_guests"] is False
    assert organiser.post("/admin/events", facts).json["reminds_guests"] is False
    assert sql("SELECT reminds_guests FROM events") == [(False,), (False,)]
