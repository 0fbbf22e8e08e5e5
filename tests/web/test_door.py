"""The door's page: who gets there, what is said to a scan, and what works without JavaScript."""

import csv
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest

from app.models import Role
from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.services import check_ins, staff
from app.services.check_ins import Scan


@pytest.fixture
def event(make_event):
    return make_event(name="Onam", capacity=50)


@pytest.fixture
def booking(make_booking, make_user, event):
    return make_booking(event, make_user("meena@example.com", name="Meena <b>"), seats=3)


@pytest.fixture
def scan(volunteer, event):
    def scan(code="", **facts):
        facts = {"id": uuid4(), "code": code, **facts}
        return volunteer.post(f"/door/{event.id}/check-ins", data=facts)

    return scan


def answer_in(page):
    found = re.search(r'<div class="door-answer"(.*?)</div>', page.text, re.DOTALL)
    tone = re.search(r'data-answer="(\w+)"', found[1])
    return tone and tone[1], unescape(re.sub(r"<[^>]+>|\s+", " ", found[1].split(">", 1)[1]))


def test_a_volunteer_comes_straight_to_the_only_door(volunteer, event):
    assert volunteer.get("/door/").headers["Location"] == f"/door/{event.id}"
    page = volunteer.get(f"/door/{event.id}")
    assert page.status_code == 200
    assert "Ready" in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/admin/", "/admin/bookings", "/admin/keys", "/admin/events"])
def test_a_key_for_the_door_opens_nothing_else(volunteer, path):
    assert volunteer.get(path).status_code in {403, 404}


def test_a_key_for_the_door_opens_no_other_door(volunteer, make_event):
    other = make_event()
    assert volunteer.get(f"/door/{other.id}").status_code == 404
    facts = {"id": uuid4(), "code": "x"}
    assert volunteer.post(f"/door/{other.id}/check-ins", data=facts).status_code == 404


def test_after_the_login_a_volunteer_is_at_the_door(app, visitor, event):
    with app.app_context():
        _, secret = staff.create_key(
            "Asha", Role.DOOR, event_ids=[event.id], expires_at=now() + timedelta(days=1)
        )
    assert visitor.post("/admin/login", data={"key": secret}).headers["Location"] == "/door/"


def test_a_scan_is_answered_with_a_word_a_name_and_the_seat(scan, booking):
    tone, text = answer_in(scan(f"{booking.reference}-2", door="East gate"))
    assert tone == "in"
    for part in ("Admitted", "Meena <b>", "Seat 2 of 3", "1 of 3 seats are in"):
        assert part in text
    tone, text = answer_in(scan(f"{booking.reference}-2"))
    assert tone == "used"
    assert re.search(r"Seat 2 came in on \w+ \d+ \w+, \d\d:\d\d:\d\d at East gate, by Asha", text)
    tone, text = answer_in(scan("ABCDEFGHJKLM-1"))
    assert (tone, "No ticket of ours has this code." in text) == ("no", True)


def test_the_page_says_how_many_are_in_and_nothing_of_emails_or_money(scan, booking):
    page = scan(f"{booking.reference}-1")
    assert re.search(r"data-count><strong>1</strong> of 3 in", page.text)
    assert "meena@example.com" not in page.text
    assert "₹" not in page.text


def test_a_group_is_admitted_by_its_number_and_an_undo_takes_them_out(scan, volunteer, booking):
    page = scan(f"{booking.reference}-1")
    form = re.search(r'name="booking" value="(\d+)"', page.text)
    assert form[1] == str(booking.id)
    both = scan(booking=booking.id, seats=2)
    assert "Seats 2, 3 of 3" in answer_in(both)[1]
    undo = re.search(r'action="(/door/\d+/check-ins/[0-9a-f-]+/undo)"', both.text)[1]
    tone, text = answer_in(volunteer.post(undo, data={"id": uuid4()}))
    assert (tone, "1 of 3 seats are in" in text) == ("undone", True)


def test_guests_are_found_by_name_and_admitted_from_there(
    scan, booking, make_booking, event, make_user
):
    make_booking(event, make_user("ravi@example.com", name="Ravi"))
    page = scan("meena")
    assert "Meena" in page.text
    assert "Ravi" not in page.text
    assert re.search(rf'name="booking" value="{booking.id}"', page.text)
    assert "Nobody booked under this name." in scan("Zzyzx").text


def test_twelve_letters_may_be_a_name(scan, make_booking, make_user, event):
    make_booking(event, make_user(name="Krqshnamaqrt"))
    page = scan("krqshnamaqrt")
    assert answer_in(page)[0] == "no"
    assert "Krqshnamaqrt" in page.text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "Scan a ticket, or type its code or a name."),
        ({"code": "x", "id": "1"}, "This page is out of date."),
        ({"code": "ABCDEFGHJKLM", "seats": "0"}, "Choose from 1 to 1000 seats."),
        ({"booking": "x"}, "Scan a ticket, or type its code or a name."),
    ],
)
def test_what_can_not_be_is_said_in_the_place_of_the_answer(scan, facts, said):
    page = scan(**facts)
    assert page.status_code == 422
    assert said in answer_in(page)[1]


def test_a_form_that_is_sent_again_is_told_the_same(scan, booking, sql):
    ident = uuid4()
    answers = [answer_in(scan(f"{booking.reference}-1", id=ident)) for _ in range(3)]
    assert answers[0][0] == "in"
    assert len(set(answers)) == 1
    assert sql("SELECT count(*) FROM check_ins") == [(1,)]


def test_a_ticket_for_what_a_key_may_not_see_says_no_more(scan, make_booking, make_event):
    other = make_booking(make_event(name="A secret party"))
    tone, text = answer_in(scan(f"{other.reference}-1"))
    assert (tone, "For another event." in text) == ("no", True)
    assert "secret" not in text


def test_an_organiser_is_at_every_door_and_a_viewer_at_none(
    app, organiser, visitor, event, make_event
):
    make_event(name="Another")
    listed = organiser.get("/door/").text
    assert "Onam" in listed
    assert "Another" in listed
    with app.app_context():
        _, secret = staff.create_key("Vi", Role.VIEWER)
    visitor.log_in(secret)
    assert visitor.get(f"/door/{event.id}").status_code == 403


def test_a_key_for_the_door_is_made_with_events_and_an_end_and_shown_as_a_code(organiser, event):
    facts = {"name": "Asha", "role": "door"}
    page = organiser.post("/admin/keys", data=facts)
    assert page.status_code == 422
    assert "Choose the events whose door this key opens." in unescape(page.text)
    facts["event_ids"] = event.id
    page = organiser.post("/admin/keys", data=facts)
    assert "Say until which day this key opens the door." in unescape(page.text)
    facts["last_day"] = f"{now() + timedelta(days=2):%Y-%m-%d}"
    page = organiser.post("/admin/keys", data=facts)
    assert page.status_code == 201
    assert '<div class="door-code"><svg' in page.text


@pytest.fixture
def one_in(app, booking):
    """The second seat of the booking is in."""
    with app.app_context():
        check_ins.check_in(booking.event_id, Scan(uuid4(), f"{booking.reference}-2"))
    return booking


def test_guests_can_not_give_back_who_is_in_and_are_told_so(app, one_in, visitor, sql):
    with app.app_context():
        secret = ticket_secret(one_in)
    address = f"/tickets/{secret}"
    page = visitor.post(f"{address}/cancellation")
    told = unescape(visitor.get(page.headers["Location"]).text)
    assert "1 seat of this booking was admitted at the door" in told
    assert sql("SELECT seats, status FROM bookings") == [(3, "CONFIRMED")]


def test_staff_give_back_who_is_in_when_they_say_that_they_know(organiser, one_in, sql):
    address, facts = f"/admin/bookings/{one_in.id}/cancellation", {"had": 3, "give": 3}
    page = organiser.get(address, query_string=facts)
    assert "1 of these seats is in: it was admitted at the door." in page.text
    refused = organiser.post(address, data=facts)
    assert refused.status_code == 409
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]
    assert organiser.post(address, data={**facts, "admitted_too": "y"}).status_code == 303
    assert sql("SELECT status FROM bookings") == [("CANCELLED",)]
    assert sql("SELECT count(*) FROM admissions") == [(0,)]


def test_who_is_not_in_is_given_back_without_a_question(organiser, one_in):
    facts = {"had": 3, "give": 1}
    address = f"/admin/bookings/{one_in.id}/cancellation"
    assert "admitted_too" not in organiser.get(address, query_string=facts).text
    assert organiser.post(address, data=facts).status_code == 303


def test_by_the_api_as_well(client, admin, one_in, sql):
    address = f"/api/bookings/{one_in.id}"
    for refused in (
        client.delete(address, headers=admin),
        client.patch(address, json={"seats": 1}, headers=admin),
    ):
        assert refused.status_code == 409
        assert refused.json["type"].endswith("#seats-are-in")
        assert refused.json["seats"] == [2]
    told = client.patch(address, json={"seats": 1, "admitted_too": True}, headers=admin)
    assert told.status_code == 200
    assert client.delete(f"{address}?admitted_too=true", headers=admin).status_code == 200
    assert sql("SELECT count(*) FROM bookings WHERE status = 'CONFIRMED'") == [(0,)]


def test_staff_see_on_a_booking_who_is_in_since_when_and_by_whom(scan, visitor, settings, booking):
    scan(f"{booking.reference}-2", door="East gate")
    visitor.log_in(settings.admin_key[0])
    page = visitor.get(f"/admin/bookings/{booking.id}").text
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "1 is in" in text
    assert re.search(
        r"Seat 2 +at East gate by Asha", text.replace("\u2068", "").replace("\u2069", "")
    )


def test_the_bookings_of_an_event_lead_to_its_door(organiser, booking):
    page = organiser.get(f"/admin/bookings?event={booking.event_id}")
    assert f'href="/door/{booking.event_id}"' in page.text


@pytest.fixture
def office(scan, booking, visitor, settings):
    """An organiser's browser, after two seats came in through the east gate."""
    scan(booking.reference, booking="", seats=2, door="East gate")
    scan("ABCDEFGHJKMN-1")
    visitor.log_in(settings.admin_key[0])
    return visitor


def test_arrivals_are_shown_with_when_and_where(office, booking):
    page = office.get(f"/admin/events/{booking.event_id}/arrivals")
    text = unescape(re.sub(r"<[^>]+>|\s+", " ", page.text))
    text = re.sub(r"[\u2066-\u2069]", "", text)
    for part in ("2 of 3 seats are in", "Of 0 bookings nobody has come yet.", "East gate 2"):
        assert part in re.sub(r" +", " ", text)
    for word in ("Admitted", "Not valid", "ABCDEFGHJKMN-1"):
        assert word in text
    part = office.get(f"/admin/events/{booking.event_id}/arrivals", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "2</strong> of 3 seats are in" in part.text


def test_before_the_doors_open_arrivals_say_so(organiser, event):
    page = organiser.get(f"/admin/events/{event.id}/arrivals").text
    assert "Nothing was scanned yet." in page
    assert '<svg class="chart"' not in page


def test_the_file_of_guests_says_who_came_and_when(office, booking, make_booking, event):
    make_booking(event)
    text = office.get(f"/admin/bookings.csv?event={event.id}").text
    lines = text.removeprefix("\ufeff").splitlines()
    rows = list(csv.DictReader(lines))
    came = {row["Reference"].replace("-", ""): (row["Seats in"], row["Came in"]) for row in rows}
    seats, at = came.pop(booking.reference)
    assert (seats, bool(at)) == ("2", True)
    assert list(came.values()) == [("0", "")]
