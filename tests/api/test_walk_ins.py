"""Seats sold at the door by the API."""

from uuid import uuid4

import pytest


@pytest.fixture
def event(make_event):
    return make_event(price_minor=25000)


@pytest.fixture
def address(event):
    return f"/api/admin/events/{event.id}/walk-ins"


@pytest.fixture
def sell(client, admin, address):
    def sell(**facts):
        return client.post(address, json={"id": str(uuid4()), **facts}, headers=admin)

    return sell


def test_a_walk_in_is_booked_in_and_told_what_to_pay(sell):
    ident = str(uuid4())
    first, again = (sell(id=ident, seats=2, name="Meena", door="East") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    told = dict(first.json)
    assert len(told.pop("reference")) == 12
    assert told.pop("booking_id")
    assert told == {
        "guest": "Meena",
        "seats": 2,
        "ticket_type": None,
        "status": "CONFIRMED",
        "to_collect_minor": 50000,
        "currency": "INR",
        "arrivals": {"seats_in": 2, "seats": 2},
    }
    assert sell(id=ident, seats=3).status_code == 422


def test_an_undo_puts_the_seats_back(client, admin, sell, address):
    ident = str(uuid4())
    sell(id=ident, seats=5)
    assert sell().json["type"].endswith("not-enough-seats")
    for _ in range(2):
        undone = client.post(f"{address}/{ident}/undo", json={"id": str(uuid4())}, headers=admin)
        assert undone.json["status"] == "CANCELLED"
        assert undone.json["to_collect_minor"] == 0
        assert undone.json["arrivals"] == {"seats_in": 0, "seats": 0}
    assert sell(free=True).json["to_collect_minor"] == 0


def test_a_walk_in_has_no_email(client, admin, sell, event):
    sell()
    (listed,) = client.get(f"/api/admin/events/{event.id}/bookings", headers=admin).json
    assert (listed["user_name"], listed["user_email"]) == ("Walk-in", None)


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"id": "1"}, "id"), ({"seats": 0}, "seats"), ({"name": "x" * 101}, "name"), ({"x": 1}, "x")],
)
def test_bad_input_is_named(sell, facts, field):
    refused = sell(**facts)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]
