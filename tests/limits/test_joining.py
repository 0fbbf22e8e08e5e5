"""How often somebody joins a waiting room: one address, and one account."""

import pytest

from app.services.room_settings import change_room
from tests.limits.conftest import HALL, Guest
from tests.web.conftest import PASSWORD

OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.fixture
def hall(limited, make_event):
    """A site that lets three people join from one address, and its event."""
    app, event = limited(limit_joining="3 per minute"), make_event()
    with app.app_context():
        change_room(app.extensions["waiting_rooms"], event.id, {"mode": "on"})
    return app, event


def joins(app, event, address=HALL, guest=None):
    return (guest or Guest(app, address)).post(f"/events/{event.id}/waiting-room", {}, OWN)


def asks(app, event, headers=None):
    where = f"/api/events/{event.id}/waiting-room"
    return app.test_client().post(where, headers=headers, environ_base={"REMOTE_ADDR": HALL})


def test_who_drops_their_cookies_gets_so_many_places_and_is_told_what_to_do(hall, sql):
    app, event = hall
    assert [joins(app, event).status_code for _ in range(3)] == [303] * 3
    refused = joins(app, event)
    assert refused.status_code == 429
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert "whoever is signed in may join at any time" in refused.text
    assert joins(app, event, "192.0.2.77").status_code == 303


def test_programs_without_an_account_are_counted_with_browsers(hall):
    app, event = hall
    assert [joins(app, event).status_code, asks(app, event).status_code] == [303, 201]
    assert asks(app, event).json["number"] == 3
    refused = asks(app, event)
    assert refused.status_code == 429
    assert refused.json["type"].endswith("#too-many-requests")


def test_who_waits_looks_and_joins_again_without_being_counted(hall):
    app, event = hall
    guest = Guest(app)
    assert [joins(app, event, guest=guest).status_code for _ in range(6)] == [303] * 6


def test_an_account_keeps_its_one_place_also_where_the_limit_is_reached(
    hall, make_user, make_token
):
    app, event = hall
    for _ in range(4):
        joins(app, event)
    user, guest = make_user(email="a@example.com", password=PASSWORD), Guest(app)
    guest.post("/sign-in", {"email": user.email, "password": PASSWORD})
    assert [joins(app, event, guest=guest).status_code for _ in range(2)] == [303] * 2
    told = asks(app, event, make_token(user))
    assert (told.status_code, told.json["number"], told.json["arrived"]) == (201, 4, 4)


def test_each_room_is_counted_by_itself(hall, make_event):
    app, event = hall
    other = make_event()
    with app.app_context():
        change_room(app.extensions["waiting_rooms"], other.id, {"mode": "on"})
    for _ in range(4):
        joins(app, event)
    assert joins(app, other).status_code == 303
