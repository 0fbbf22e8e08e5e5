"""Giving a seat to a friend, as programs do it."""

import pytest

from app.services import gifts

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def booking(make_event, make_booking, user):
    return make_booking(make_event(capacity=9), user, seats=3)


@pytest.fixture
def owner(client, make_token, booking, user):
    """Calls by the booking's user."""
    headers = make_token(user)

    def call(method, path="", **facts):
        address = f"/api/bookings/{booking.id}/gifts{path}"
        return client.open(address, method=method, headers=headers, **facts)

    return call


def test_a_seat_is_given_listed_and_taken_back(owner, booking):
    given = owner("POST", json={"seat": 3})
    assert given.status_code == 201
    facts = given.json
    assert (facts["booking_id"], facts["seat"], facts["state"]) == (booking.id, 3, "waiting")
    assert facts["name"] is facts["accepted_at"] is None
    assert "/gifts/" in facts["url"]
    assert booking.reference not in given.text
    assert owner("POST", json={"seat": 3}).json == facts
    assert owner("GET").json == [facts]
    for _ in range(2):
        back = owner("DELETE", f"/{facts['gift_id']}")
        assert (back.status_code, back.json["seats"]) == (200, 3)
    assert owner("GET").json == []


def test_an_accepted_seat_says_who_has_it_and_its_link_no_more(app, desk, owner):
    facts = owner("POST").json
    with app.app_context():
        gifts.accept(desk, facts["gift_id"], name="Ravi")
    (listed,) = owner("GET").json
    assert (listed["state"], listed["name"], listed["url"]) == ("accepted", "Ravi", None)
    refused = owner("DELETE", f"/{facts['gift_id']}")
    assert refused.status_code == 409
    assert refused.json["type"].endswith("#gift-closed")
    assert refused.json["reason"] == "accepted"


def test_what_can_not_be_given_says_why(owner):
    refused = owner("POST", json={"seat": 2})
    assert refused.status_code == 409
    assert refused.json["type"].endswith("#not-givable")
    assert refused.json["reason"] == "seats_changed"
    assert owner("DELETE", "/999").status_code == 404


def test_a_booking_whose_last_seat_was_given_says_so(owner, client, make_token, booking, user):
    for _ in range(3):
        owner("POST")
    shown = client.get(f"/api/bookings/{booking.id}", headers=make_token(user, "phone"))
    assert (shown.json["status"], shown.json["state"]) == ("GIVEN_AWAY", "GIVEN_AWAY")
    assert len(owner("GET").json) == 3


def test_staff_gives_a_seat_for_a_guest_and_it_is_recorded(client, admin, booking, sql):
    address = f"/api/bookings/{booking.id}/gifts"
    gift_id = client.post(address, headers=admin, json={}).json["gift_id"]
    assert client.delete(f"{address}/{gift_id}", headers=admin).status_code == 200
    assert sql("SELECT action, subject_id, after FROM audit_entries ORDER BY id") == [
        ("booking.seat_given", booking.id, {"seat": 3}),
        ("booking.seat_taken_back", booking.id, {"seat": 3}),
    ]
