"""What a device at the door fetches to work without a network, and sends afterwards."""

import gzip
import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from app.models.columns import now

FIRST, SECOND = str(uuid4()), str(uuid4())


@pytest.fixture
def event(make_event):
    return make_event(name="Onam", capacity=50)


@pytest.fixture
def booking(make_booking, make_user, event):
    return make_booking(event, make_user("meena@example.com", name="Meena"), seats=3)


def fetch(volunteer, booking, after=""):
    return volunteer.get(f"/door/{booking.event_id}/guests{after}").json


def post(visitor, booking, body, mimetype="application/json"):
    path, headers = f"/door/{booking.event_id}/scans", {"Content-Type": mimetype}
    return visitor.post(path, body=json.dumps(body), headers=headers)


def ms(at):
    return int(at.timestamp() * 1000)


@pytest.fixture
def send(volunteer, booking):
    def send(*scans):
        facts = {"at": ms(now()), "let_in": 1, "door": "East", "seats": 1}
        response = post(volunteer, booking, {"scans": [{**facts, **scan} for scan in scans]})
        assert response.status_code == 200
        return response.json["scans"]

    return send


def test_the_list_names_guests_and_holds_no_code_and_no_email(volunteer, booking):
    response = volunteer.get(f"/door/{booking.event_id}/guests")
    (guest,) = response.json["guests"]
    assert len(guest.pop("reference_hash")) == 12
    assert guest == {
        "booking_id": booking.id,
        "name": "Meena",
        "seats": 3,
        "left": 0,
        "ticket_type": "",
        "ticket_type_id": None,
        "seats_in": [],
    }
    assert booking.reference not in response.text
    assert "@" not in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_the_list_must_be_forgotten_when_the_key_ends(volunteer, booking, key_ends):
    until = datetime.fromisoformat(fetch(volunteer, booking)["until"])
    assert abs(until - key_ends) < timedelta(seconds=2)


def test_the_list_must_be_forgotten_when_the_event_is_long_over(organiser, booking, sql):
    until = datetime.fromisoformat(fetch(organiser, booking)["until"])
    ((ends,),) = sql("SELECT start_at + interval '12 hours' FROM events")
    assert timedelta() < until - ends < timedelta(hours=12)


def test_a_browser_without_a_key_gets_no_list(new_visitor, booking):
    stranger = new_visitor()
    for response in (
        stranger.get(f"/door/{booking.event_id}/guests"),
        post(stranger, booking, {"scans": []}),
    ):
        assert (response.status_code, response.location[:12]) == (303, "/admin/login")


def test_another_events_list_is_not_there(volunteer, make_event):
    booking.event_id = make_event().id
    assert volunteer.get(f"/door/{booking.event_id}/guests").status_code == 404
    assert post(volunteer, booking, {"scans": []}).status_code == 404


def test_a_long_list_is_compressed(volunteer, event, booking, make_booking):
    for _ in range(20):
        make_booking(event)
    path = f"/door/{booking.event_id}/guests"
    response = volunteer.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(response.data))["guests"]) == 21
    plain = volunteer.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_scans_made_without_a_network_are_recorded_with_their_time(send, booking, sql):
    at = now() - timedelta(minutes=4)
    (told,) = send({"id": FIRST, "code": f"{booking.reference}-2", "at": ms(at)})
    assert told == {"id": FIRST, "answer": "admitted", "conflict": False}
    ((kept, actor, door),) = sql("SELECT at, actor, door FROM admissions")
    assert (actor, door) == ("Asha", "East")
    assert abs(kept - at) < timedelta(seconds=1)


def test_what_is_sent_twice_is_recorded_once(send, booking, sql):
    scan = {"id": FIRST, "code": f"{booking.reference}-2"}
    assert send(scan) == send(scan)
    assert sql("SELECT count(*) FROM check_ins") == [(1,)]


def test_a_scan_and_its_undo_come_in_their_order(send, booking, sql):
    told = send(
        {"id": FIRST, "booking": booking.id, "seats": 2, "let_in": 2},
        {"id": SECOND, "undoes": FIRST},
    )
    assert [one["id"] for one in told] == [FIRST, SECOND]
    assert sql("SELECT answer FROM check_ins ORDER BY received_at") == [("admitted",), ("undone",)]
    assert sql("SELECT count(*) FROM admissions") == [(0,)]


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        {},
        {"id": "x", "code": "ABC"},
        {"id": SECOND, "code": ""},
        {"id": SECOND, "code": "ABC", "at": "soon"},
        {"id": SECOND, "code": "ABC", "at": 10**40},
        {"id": SECOND, "code": "ABC", "let_in": 5},
        {"id": SECOND, "undoes": str(uuid4())},
        {"id": SECOND, "undoes": "x"},
        {"id": SECOND, "code": "A\x00B"},
        {"id": SECOND, "code": "Q" * 400},
        {"id": SECOND, "code": "ABC", "door": "\x00"},
        {"id": "\ud800", "code": "ABC"},
    ],
)
def test_one_bad_scan_holds_no_other_up(volunteer, booking, bad):
    good = {"id": FIRST, "code": f"{booking.reference}-1", "at": ms(now()), "let_in": 1}
    if isinstance(bad, dict):
        bad = {"at": ms(now()), "let_in": 1, **bad}
    refused, told = post(volunteer, booking, {"scans": [bad, good]}).json["scans"]
    assert refused["refused"]
    assert told["answer"] == "admitted"


def test_a_code_with_half_a_letter_is_no_code_of_ours(send, sql):
    (told,) = send({"id": FIRST, "code": "\ud800ABC", "let_in": 0})
    assert told == {"id": FIRST, "answer": "not_valid", "conflict": False}
    assert sql("SELECT code FROM check_ins") == [("?ABC",)]


@pytest.mark.parametrize("body", [[], {}, {"scans": 5}, {"scans": [{}] * 51}, "x", None])
def test_a_body_that_holds_no_scans_is_refused(volunteer, booking, body):
    assert post(volunteer, booking, body).status_code == 400


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_sites_page_cannot_send_scans(volunteer, booking, mimetype):
    assert post(volunteer, booking, {"scans": []}, mimetype).status_code == 415
