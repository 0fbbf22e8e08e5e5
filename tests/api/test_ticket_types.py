"""Ticket types as programs see, order and read them."""

from datetime import timedelta

import pytest

from app.models.columns import now
from app.services.catalogue import TTL
from tests.support.servers import wait_until

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)


@pytest.fixture
def event(make_event):
    return make_event(capacity=9, price_minor=500)


@pytest.fixture
def types(factories, event):
    return factories.ticket_types(
        event,
        {
            "name": "VIP",
            "price_minor": 2000,
            "quota": 3,
            "max_per_order": 3,
            "description": "Front rows",
        },
        {"name": "Student", "price_minor": 100, "min_per_order": 2, "max_per_order": 2},
        {"name": "Guests", "hidden": True},
        {"name": "Early", "price_minor": 300, "sales_close_at": now() - DAY},
    )


@pytest.fixture
def order(organiser, make_user, event):
    """Order as one user: `order(items=[(type, seats)], ...)`."""
    user_id = make_user().id

    def send(items=None, headers=None, **facts):
        body = {"user_id": user_id, "event_id": event.id, **facts}
        if items is not None:
            body["items"] = [{"ticket_type_id": kind.id, "seats": n} for kind, n in items]
        return organiser.post("/bookings", body, headers=headers)

    return send


def offered(organiser, event):
    answer = organiser.get(f"/events/{event.id}")
    return {kind["name"]: kind for kind in answer.json["ticket_types"]}


def test_an_event_without_types_has_an_empty_list_and_its_own_price(organiser, event):
    shown = organiser.get(f"/events/{event.id}").json
    assert (shown["ticket_types"], shown["price_minor"]) == ([], 500)
    assert shown["highest_price_minor"] is None


def test_an_event_shows_the_types_that_it_offers(organiser, event, types):
    shown = organiser.get(f"/events/{event.id}").json
    assert (shown["price_minor"], shown["highest_price_minor"]) == (100, 2000)
    assert [kind["name"] for kind in shown["ticket_types"]] == [
        "General",
        "VIP",
        "Student",
        "Early",
    ]
    general, vip, student, early = shown["ticket_types"]
    assert (general["is_default"], general["quota"], general["seats_available"]) == (True, None, 9)
    assert (vip["id"], vip["quota"], vip["seats_available"]) == (types["VIP"].id, 3, 3)
    assert (vip["state"], early["state"]) == ("open", "closed")
    assert student["min_per_order"] == 2
    assert shown in organiser.get("/events").json


def test_a_sold_type_is_told_within_a_second(organiser, event, types, order):
    assert offered(organiser, event)["VIP"]["seats_available"] == 3
    assert order([(types["VIP"], 3)]).status_code == 201
    wait_until(lambda: offered(organiser, event)["VIP"]["state"] == "sold_out", TTL + 0.5)
    shown = offered(organiser, event)
    assert (shown["VIP"]["seats_available"], shown["General"]["seats_available"]) == (0, 6)


def test_several_types_are_booked_at_once_and_the_first_is_answered(organiser, types, order):
    answer = order([(types["VIP"], 1), (types["Student"], 2)])
    assert answer.status_code == 201
    booked, (other,) = answer.json, answer.json["also_booked"]
    assert (booked["ticket_type"], booked["seats"]) == ("VIP", 1)
    assert (other["ticket_type"], other["ticket_type_id"]) == ("Student", types["Student"].id)
    assert booked["order_reference"] == other["order_reference"] == booked["reference"]
    shown = organiser.get(f"/bookings/{other['booking_id']}").json
    assert shown.items() >= other.items()
    assert shown["price_minor"] == 100
    listed = organiser.get(f"/users/{booked['user_id']}/bookings").json
    assert {one["ticket_type"] for one in listed} == {"VIP", "Student"}
    assert {one["order_reference"] for one in listed} == {booked["reference"]}


def test_an_order_by_email_has_a_secret_address_for_each_booking(organiser, event, types):
    items = [{"ticket_type_id": types[name].id, "seats": 2} for name in ("VIP", "Student")]
    body = {"event_id": event.id, "name": "Ravi", "email": "ravi@example.com", "items": items}
    booked = organiser.post("/bookings", body).json
    addresses = {booked["ticket_url"], booked["also_booked"][0]["ticket_url"]}
    assert len(addresses) == 2


def test_seats_alone_are_of_the_default_type(types, order):
    booked = order(seats=2).json
    assert (booked["ticket_type"], booked["ticket_type_id"]) == ("General", types["General"].id)
    assert "also_booked" not in booked
    assert "order_reference" not in booked


def test_a_booking_from_before_there_were_types_is_of_the_default_type(
    organiser, event, order, factories
):
    booked = order(seats=2).json
    assert "ticket_type" not in booked
    kind = factories.ticket_types(event, {"name": "VIP"})["General"]
    shown = organiser.get(f"/bookings/{booked['booking_id']}").json
    assert (shown["ticket_type_id"], shown["ticket_type"]) == (kind.id, "General")
    (listed,) = organiser.get(f"/admin/events/{event.id}/bookings").json
    assert listed["ticket_type"] == "General"
    (listed,) = organiser.get("/admin/bookings").json
    assert listed["ticket_type"] == "General"


def test_an_order_repeated_with_its_key_is_answered_the_same(types, order):
    items, key = [(types["Student"], 2), (types["VIP"], 1)], {"Idempotency-Key": "k-1"}
    first = order(items, headers=key)
    again = order(items[::-1], headers=key)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_an_order_that_one_type_can_not_meet_books_nothing(organiser, event, types, order, problem):
    answer = order([(types["General"], 1), (types["VIP"], 3)])
    assert answer.status_code == 201
    said = problem(order([(types["General"], 1), (types["VIP"], 1)]), 409, "type-sold-out")
    assert said["ticket_type_id"] == types["VIP"].id
    assert said["seats_available"] == 0
    assert organiser.get(f"/events/{event.id}").json["seats_available"] == 5


def test_a_type_that_is_not_on_sale_is_a_conflict_that_says_why(types, order, problem):
    said = problem(order([(types["Early"], 1)]), 409, "type-not-on-sale")
    assert (said["ticket_type_id"], said["state"]) == (types["Early"].id, "closed")


def test_who_guesses_a_hidden_type_is_told_that_there_is_none(types, order, problem):
    problem(order([(types["Guests"], 1)]), 404, "not-found")


def test_a_type_of_another_event_and_of_an_event_without_types_is_unknown(
    organiser, make_event, make_user, types, order, problem
):
    other = make_event(capacity=9)
    body = {"user_id": make_user().id, "event_id": other.id}
    items = [{"ticket_type_id": types["VIP"].id, "seats": 1}]
    problem(organiser.post("/bookings", {**body, "items": items}), 404, "not-found")
    types["VIP"].id += 1_000
    problem(order([(types["VIP"], 1)]), 404, "not-found")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [("General", 1), ("General", 1)]}, "items"),
        ({"items": [("General", 600), ("VIP", 600)]}, "items"),
        ({"items": [("General", 0)]}, "items.0.seats"),
        ({"items": [("VIP", 1)], "seats": 1}, "seats"),
        ({"items": [("Student", 3)]}, "seats"),
        ({"items": [("Student", 1)]}, "seats"),
    ],
)
def test_items_that_are_no_order_are_422_and_name_the_field(types, order, problem, wish, field):
    items = [(types[name], seats) for name, seats in wish["items"]]
    said = problem(order(items, **{k: v for k, v in wish.items() if k != "items"}), 422)
    assert [error["field"] for error in said["errors"]] == [field]


@pytest.fixture
def managed(event):
    return f"/admin/events/{event.id}/ticket-types"


def test_types_are_added_changed_listed_and_removed(organiser, managed, problem):
    assert organiser.get(managed).json == {"ticket_types": []}
    made = organiser.post(managed, {"name": "VIP", "price_minor": 2000, "quota": 3, "hidden": True})
    assert made.status_code == 201
    assert made.json.items() >= {"name": "VIP", "taken": 0, "state": "hidden"}.items()
    one = f"{managed}/{made.json['id']}"
    changed = organiser.patch(one, {"hidden": False, "sales_close_at": "2031-01-10T18:00:00Z"})
    assert changed.json.items() >= {"quota": 3, "state": "open", "seats_available": 3}.items()
    default, vip = organiser.get(managed).json["ticket_types"]
    assert vip == changed.json
    assert (default["is_default"], default["price_minor"]) == (True, 500)
    assert organiser.delete(one).status_code == 204
    problem(organiser.delete(one), 404)
    problem(organiser.patch(one, {}), 404)


def test_an_organisers_mistake_names_its_field(organiser, managed, types, order, problem):
    order([(types["VIP"], 2)])
    one = f"{managed}/{types['VIP'].id}"
    for field, answer in (
        ("name", organiser.post(managed, {"name": "vip"})),
        ("price_minor", organiser.post(managed, {"name": "A", "price_minor": -1})),
        ("quota", organiser.patch(one, {"quota": 1})),
        ("ticket_type_id", organiser.delete(one)),
        ("ticket_type_id", organiser.delete(f"{managed}/{types['General'].id}")),
    ):
        assert [error["field"] for error in problem(answer, 422)["errors"]] == [field]


def test_who_changed_a_type_is_recorded(organiser, managed):
    made = organiser.post(managed, {"name": "VIP", "sales_open_at": "2031-01-10T18:00:00Z"}).json
    organiser.patch(f"{managed}/{made['id']}", {"price_minor": 700})
    organiser.delete(f"{managed}/{made['id']}")
    actions = [entry["action"] for entry in organiser.get("/admin/audit").json]
    assert actions[:3] == ["ticket_type.removed", "ticket_type.changed", "ticket_type.added"]


def test_staff_issue_and_sell_hidden_types_by_the_api(organiser, event, types):
    address, hidden = f"/admin/events/{event.id}", types["Guests"].id
    wanted = {"email": "guest@example.com", "ticket_type_id": hidden, "idempotency_key": "k"}
    issued = organiser.post(f"{address}/bookings", wanted)
    assert (issued.status_code, issued.json["ticket_type"]) == (201, "Guests")
    assert organiser.post(f"{address}/bookings", wanted).json == issued.json
    wanted["ticket_type_id"] = types["General"].id
    assert organiser.post(f"{address}/bookings", wanted).status_code == 422
    walk_in = {"id": "5e0b9f3d-7eaf-4944-8c0e-fc6929394b5c", "ticket_type_id": hidden}
    assert organiser.post(f"{address}/walk-ins", walk_in).json["ticket_type"] == "Guests"
    types_now = organiser.get(f"{address}/ticket-types").json["ticket_types"]
    assert {one["name"]: one["taken"] for one in types_now}["Guests"] == 2


def test_a_doors_list_and_the_exports_name_the_type_of_each_guest(
    organiser, client, admin, event, types, order, make_event
):
    order([(types["VIP"], 1), (types["Student"], 2)])
    plain = make_event()
    organiser.post("/bookings", {"user_id": 1, "event_id": plain.id})

    def listed(one):
        guests = organiser.get(f"/admin/events/{one.id}/guest-list").json["guests"]
        return sorted(guest["ticket_type"] for guest in guests)

    assert listed(event) == ["Student", "VIP"]
    assert listed(plain) == [""]
