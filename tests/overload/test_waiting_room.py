"""A desk that is too slow turns an automatic waiting room on, by itself."""

import time

import pytest

from tests.overload.conftest import MAX_QUEUE

pytestmark = pytest.mark.usefixtures("invariants")
FORM = {"mode": "auto", "busy_after": 0.5}


@pytest.fixture
def event(make_event):
    return make_event(capacity=1000)


@pytest.fixture
def wish(make_user, event):
    return {"user_id": make_user().id, "event_id": event.id}


@pytest.fixture
def is_on(buyer, admin, event):
    """Whether people wait for the event."""
    address = f"/api/admin/events/{event.id}/waiting-room"
    assert buyer.patch(address, json=FORM, headers=admin).json()["mode"] == "auto"
    return lambda: buyer.get(address, headers=admin).json()["auto_on"]


@pytest.mark.parametrize("small_site", ["gevent"], indirect=True)
def test_it_turns_itself_on_while_a_row_is_held_and_not_before(
    small_site, buyer, admin, hold, flood, event, wish, is_on, sql
):
    asked_at = time.monotonic()
    while time.monotonic() - asked_at < 4:
        # The control: a desk that is asked, and quick.
        assert buyer.post("/api/bookings", json=wish).status_code == 201
        time.sleep(0.1)
    assert not is_on()
    with hold(event):
        crowds, give_up = [], time.monotonic() + 15
        while not is_on():
            assert time.monotonic() < give_up, "people come for long, and nobody is served"
            crowds.append(flood(small_site, [wish] * (MAX_QUEUE // 2)))
            time.sleep(0.7)
    for crowd in crowds:
        crowd.join()
    assert buyer.get(f"/events/{event.id}/waiting-room.json").json()["phase"] == "open"
    (entry,) = sql("SELECT actor FROM audit_entries WHERE action = 'waiting_room.turned_on'")
    assert entry == ("the waiting room itself",)
