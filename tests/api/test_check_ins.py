"""The door by the API: scans, undos and their history."""

from uuid import uuid4

import pytest


@pytest.fixture
def booking(make_booking, make_event):
    return make_booking(make_event(capacity=50), seats=3)


@pytest.fixture
def address(booking):
    return f"/api/admin/events/{booking.event_id}/check-ins"


@pytest.fixture
def scan(client, admin, address):
    def scan(**facts):
        return client.post(address, json={"id": str(uuid4()), **facts}, headers=admin)

    return scan


def test_a_scan_is_told_all_that_a_door_needs(scan, booking):
    code = f"{booking.reference}-2"
    told = scan(code=code, door="East").json
    assert told["answer"] == "admitted"
    assert told["arrivals"] == {"seats_in": 1, "seats": 3}
    assert (told["guest"], told["reference"], told["seats"]) == ("Asha", booking.reference, [2])
    assert (told["booking_seats"], told["booking_seats_in"]) == (3, 1)
    again = scan(code=code, door="West").json
    assert (again["answer"], again["reason"], again["seats"]) == ("already_used", None, [])
    (earlier,) = again["earlier"]
    assert {**earlier, "at": None} == {"seat": 2, "at": None, "door": "East", "actor": "ADMIN_KEY"}
    assert earlier["at"] == told["at"]


def test_what_admits_nobody_says_why_and_names_nobody(scan, make_event, make_booking):
    told = scan(code="ABC").json
    assert (told["answer"], told["reason"], told["guest"]) == ("not_valid", "unknown", None)
    other = make_booking(make_event(name="Elsewhere"))
    told = scan(code=other.reference).json
    assert (told["reason"], told["guest"], told["reference"]) == ("other_event", None, None)


def test_a_scan_whose_answer_was_lost_is_sent_again(scan, booking):
    facts = {"id": str(uuid4()), "booking_id": booking.id, "seats": 2}
    first, again = scan(**facts).json, scan(**facts).json
    assert first == again
    assert first["seats"] == [1, 2]
    assert scan(**{**facts, "booking_id": None, "code": "other"}).status_code == 422


def test_an_undo_is_one_more_line_of_the_history(client, admin, scan, booking, address):
    told = scan(code=booking.reference, seats=3).json
    facts = {"id": str(uuid4()), "door": "West"}
    undone = client.post(f"{address}/{told['id']}/undo", json=facts, headers=admin)
    assert (undone.json["answer"], undone.json["seats"]) == ("undone", [1, 2, 3])
    assert undone.json["arrivals"]["seats_in"] == 0
    scan(code="nothing")
    first = client.get(address, query_string={"limit": 2}, headers=admin)
    assert [one["answer"] for one in first.json["check_ins"]] == ["not_valid", "undone"]
    rest = client.get(first.headers["Link"].split(">")[0][1:], headers=admin)
    assert [one["answer"] for one in rest.json["check_ins"]] == ["admitted"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": "1"}, "id"),
        ({"code": ""}, "code"),
        ({"code": "x", "seats": 0}, "seats"),
        ({"code": "x", "door": "x" * 41}, "door"),
        ({"code": "x", "at": "yesterday"}, "at"),
        ({"code": "x", "name": "y"}, "name"),
    ],
)
def test_bad_input_is_named(scan, facts, field):
    refused = scan(**facts)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == field


def test_an_event_or_a_scan_that_is_not_there_is_not_found(client, admin, scan, address):
    assert scan(code="x").status_code == 200
    nowhere = "/api/admin/events/99999/check-ins"
    facts = {"id": str(uuid4()), "code": "x"}
    assert client.post(nowhere, json=facts, headers=admin).status_code == 404
    assert client.get(nowhere, headers=admin).status_code == 404
    undo = f"{address}/{uuid4()}/undo"
    assert client.post(undo, json={"id": str(uuid4())}, headers=admin).status_code == 404


def test_arrivals_are_told_by_time_and_by_door(client, admin, scan, booking):
    scan(code=booking.reference, seats=2, door="East")
    address = f"/api/admin/events/{booking.event_id}/arrivals"
    told = client.get(address, headers=admin).json
    assert (told["seats_in"], told["seats"], told["bookings_to_come"]) == (2, 3, 0)
    assert told["doors"] == [{"door": "East", "seats_in": 2}]
    assert (told["minutes"], [span["seats_in"] for span in told["spans"]]) == (1, [2])
    assert client.get("/api/admin/events/99999/arrivals", headers=admin).status_code == 404


def test_the_list_for_a_door_comes_with_a_cursor_for_what_changes(client, admin, scan, booking):
    address = f"/api/admin/events/{booking.event_id}/guest-list"
    first = client.get(address, headers=admin).json
    (guest,) = first["guests"]
    assert (guest["name"], guest["seats"], guest["seats_in"]) == ("Asha", 3, [])
    assert first["is_last"]
    scan(code=f"{booking.reference}-2", door="East")
    then = client.get(f"{address}?after={first['cursor']}", headers=admin).json
    assert [one["seat"] for one in then["guests"][0]["seats_in"]] == [2]
    wrong = client.get(f"{address}?after=x", headers=admin)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "after")


def test_what_a_device_did_without_a_network_is_told_to_the_organiser(client, admin, scan, booking):
    code = f"{booking.reference}-2"
    scan(code=code, door="West")
    late = scan(code=code, door="East", let_in=1).json
    assert (late["answer"], late["let_in"]) == ("already_used", 1)
    address = f"/api/admin/events/{booking.event_id}"
    (conflict,) = client.get(f"{address}/arrivals", headers=admin).json["conflicts"]
    assert conflict["id"] == late["id"]
    (told,) = client.get(f"{address}/guest-list", headers=admin).json["conflicts"]
    assert (told["id"], told["let_in"], told["admitted"]) == (late["id"], 1, 0)
    assert [one["door"] for one in told["seats_in"]] == ["West"]
    assert scan(code=code, let_in=2).status_code == 422
