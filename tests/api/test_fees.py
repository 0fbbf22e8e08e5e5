"""Fees by the API: set on events, told as totals, and never more than a caller's maximum."""

import pytest

pytestmark = pytest.mark.usefixtures("invariants")
FEE = {"fee_minor": 1_000, "fee_basis_points": 300}
BOOKED = "SELECT seats, price_minor, fee_minor FROM bookings ORDER BY id"


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=50_000, **FEE)


def test_an_organiser_sets_and_changes_a_fee(client, admin, sql):
    facts = {"name": "Veena", "start_at": "2099-01-01T18:00:00+05:30", "capacity": 5}
    made = client.post("/admin/events", json=facts | FEE | {"price_minor": 50_000}, headers=admin)
    assert made.status_code == 201, made.text
    told = {name: made.json[name] for name in ("price_minor", "total_minor", "total_fee_minor")}
    assert told == {"price_minor": 50_000, "total_minor": 52_500, "total_fee_minor": 2_500}
    path = f"/admin/events/{made.json['id']}"
    changed = client.put(path, json={"fee_included": True}, headers=admin).json
    assert (changed["total_minor"], changed["total_fee_minor"]) == (50_000, 2_500)
    assert {name: changed[name] for name in FEE} == FEE


@pytest.mark.parametrize(
    "facts",
    [
        {"fee_minor": -1},
        {"fee_basis_points": 10_001},
        {"fee_basis_points": 2.5},
        {"fee_minor": 60_000, "fee_included": True},
    ],
)
def test_a_fee_that_no_seat_can_have_is_refused_by_its_name(client, admin, event, facts):
    answer = client.put(f"/admin/events/{event.id}", json=facts, headers=admin)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == next(iter(facts))


def test_events_and_ticket_types_tell_what_a_buyer_pays(client, admin, event, factories):
    vip = {"name": "VIP", "price_minor": 100_000}
    factories.ticket_types(event, vip, {"name": "Child", "price_minor": 0})
    shown = client.get(f"/events/{event.id}").json
    assert (shown["price_minor"], shown["highest_price_minor"]) == (0, 100_000)
    assert (shown["total_minor"], shown["highest_total_minor"]) == (0, 104_000)
    told = ("price_minor", "total_minor", "total_fee_minor")
    costs = [tuple(kind[name] for name in told) for kind in shown["ticket_types"]]
    assert costs == [(50_000, 52_500, 2_500), (100_000, 104_000, 4_000), (0, 0, 0)]
    of_staff = client.get(f"/admin/events/{event.id}/ticket-types", headers=admin).json
    assert [kind["total_minor"] for kind in of_staff["ticket_types"]] == [52_500, 104_000, 0]


def test_a_booking_tells_its_price_all_in_and_the_fee_in_it(client, admin, event, make_user):
    body = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
    made = client.post("/bookings", json=body, headers=admin).json
    booking = client.get(f"/bookings/{made['booking_id']}", headers=admin).json
    assert (booking["price_minor"], booking["fee_minor"]) == (52_500, 2_500)
    assert booking["payment"] == "Pay ₹1,050 at the door."


def test_an_order_above_its_maximum_is_refused_and_books_nothing(
    client, admin, event, make_user, sql
):
    body = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
    answer = client.post("/bookings", json=body | {"max_total_minor": 104_999}, headers=admin)
    assert answer.status_code == 409
    assert answer.json["type"].endswith("price-risen")
    assert (answer.json["total_minor"], answer.json["currency"]) == (105_000, "INR")
    assert sql(BOOKED) == []
    done = client.post("/bookings", json=body | {"max_total_minor": 105_000}, headers=admin)
    assert done.status_code == 201
    assert sql(BOOKED) == [(2, 52_500, 2_500)]


def test_figures_tell_the_fees(client, admin, event, factories):
    factories.booking(event, seats=2, price_minor=52_500, fee_minor=2_500, booked_in="INR")
    figures = client.get(f"/admin/events/{event.id}/payment-figures", headers=admin).json
    assert (figures["booked"], figures["fees"]) == (105_000, 5_000)
