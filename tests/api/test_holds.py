"""Holds and issued bookings, by programs of staff."""

import pytest


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=50_000, max_per_person=2)


@pytest.fixture
def holds(event):
    return f"/admin/events/{event.id}/holds"


def test_holds_are_added_changed_listed_and_released(organiser, holds, event, problem):
    made = organiser.post(holds, {"name": "Sponsor", "seats": 5})
    assert made.status_code == 201
    assert made.json == {"id": made.json["id"], "name": "Sponsor", "seats": 5}
    one = f"{holds}/{made.json['id']}"
    assert organiser.patch(one, {"seats": 7, "seen": 5}).json["seats"] == 7
    problem(organiser.patch(one, {"seats": 9, "seen": 5}), 409)
    assert organiser.get(holds).json == {
        "seats_held": 7,
        "holds": [{"id": made.json["id"], "name": "Sponsor", "seats": 7}],
    }
    said = problem(organiser.post(holds, {"name": "sponsor", "seats": 1}), 422)
    assert said["errors"] == [{"field": "name", "message": "is another hold's already"}]
    assert organiser.delete(one).status_code == 204
    problem(organiser.delete(one), 404)
    assert organiser.get(holds).json == {"seats_held": 0, "holds": []}


def test_the_events_own_number_stays_the_total(organiser, holds, event, problem):
    organiser.post(holds, {"name": "Sponsor", "seats": 5})
    address = f"/admin/events/{event.id}"
    assert organiser.put(address, {"seats_held": 8}).json["seats_available"] == 12
    said = problem(organiser.put(address, {"seats_held": 4}), 422)
    assert said["errors"][0]["field"] == "seats_held"
    assert organiser.get(holds).json["seats_held"] == 8


def test_seats_are_issued_from_a_hold_and_told_in_the_list(organiser, holds, event, problem):
    hold = organiser.post(holds, {"name": "Sponsor", "seats": 5}).json
    address = f"/admin/events/{event.id}/bookings"
    wanted = {"email": "guest@example.com", "name": "Guest", "seats": 4, "hold_id": hold["id"]}
    problem(organiser.post(address, wanted), 409)
    wanted |= {"free": True, "past_limit": True, "idempotency_key": "once"}
    made = organiser.post(address, wanted)
    assert made.status_code == 201
    assert "/tickets/" in made.json["ticket_url"]
    again = organiser.post(address, wanted)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == made.json
    (listed,) = organiser.get(address).json
    assert (listed["issued_for"], listed["price_minor"]) == ("Sponsor", 0)
    said = problem(organiser.post(address, {**wanted, "idempotency_key": "other"}), 409)
    assert (said["type"], said["seats"]) == ("/docs/problems#not-enough-held", 1)


def test_free_seats_need_a_word_for_whom(organiser, event, problem):
    address = f"/admin/events/{event.id}/bookings"
    said = problem(organiser.post(address, {"email": "a@example.com", "free": True}), 422)
    assert said["errors"][0]["field"] == "issued_for"
