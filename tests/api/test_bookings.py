"""Booking, reading and cancelling, as programs do it."""

from datetime import timedelta

import pytest

from app.models.columns import now
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)


@pytest.fixture
def wish(make_user, make_event):
    """A body of `POST /bookings` that is granted."""
    return {"user_id": make_user().id, "event_id": make_event(capacity=5).id}


def test_a_booking_is_201_with_what_the_contract_names(organiser, wish):
    answer = organiser.post("/bookings", wish)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/bookings/{answer.json['booking_id']}"
    assert "Idempotency-Replayed" not in answer.headers
    assert set(answer.json) == {
        *("booking_id", "status", "user_id", "event_id", "seats", "reference"),
    }
    assert (answer.json["status"], answer.json["seats"]) == ("CONFIRMED", 1)
    assert answer.json.items() >= wish.items()


def test_the_location_of_a_booking_shows_it(organiser, wish):
    answer = organiser.post("/bookings", {**wish, "seats": 2})
    shown = organiser.get(answer.headers["Location"]).json
    assert shown.items() >= answer.json.items()
    assert shown["cancelled_at"] is None


@pytest.mark.parametrize("by_header", [True, False])
def test_the_same_key_and_body_answer_the_same_again(organiser, wish, by_header):
    key = {"headers": {"Idempotency-Key": "k-1"}} if by_header else {}
    body = wish if by_header else {**wish, "idempotency_key": "k-1"}
    first = organiser.post("/bookings", body, **key)
    again = organiser.post("/bookings", body, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]


def test_a_replay_answers_as_the_first_time_though_it_was_cancelled_since(organiser, wish):
    body = {**wish, "idempotency_key": "k-1"}
    first = organiser.post("/bookings", body)
    organiser.delete(first.headers["Location"])
    assert organiser.post("/bookings", body).json == first.json


def test_the_key_of_the_header_and_of_the_body_are_one_key(organiser, wish):
    first = organiser.post("/bookings", wish, headers={"Idempotency-Key": "k-1"})
    again = organiser.post("/bookings", {**wish, "idempotency_key": "k-1"})
    assert again.json == first.json


def test_the_same_key_with_another_body_is_422(organiser, problem, wish):
    organiser.post("/bookings", {**wish, "idempotency_key": "k-1"})
    answer = organiser.post("/bookings", {**wish, "seats": 2, "idempotency_key": "k-1"})
    said = problem(answer, 422, "idempotency-key-reused")
    assert said["errors"][0]["field"] == "idempotency_key"


@pytest.mark.parametrize("missing", ["user_id", "event_id"])
def test_an_unknown_user_or_event_is_404(organiser, problem, wish, missing):
    noun = missing.removesuffix("_id")
    said = problem(organiser.post("/bookings", {**wish, missing: 999}), 404, "not-found")
    assert noun in said["detail"]


def test_not_enough_seats_is_409_with_the_seats_that_are_left(organiser, problem, wish):
    said = problem(organiser.post("/bookings", {**wish, "seats": 6}), 409, "not-enough-seats")
    assert (said["seats_available"], said["event_id"]) == (5, wish["event_id"])
    assert "5 seats" in said["detail"]


def test_sold_out_is_409_each_time_it_is_asked(organiser, problem, wish):
    organiser.post("/bookings", {**wish, "seats": 5})
    for _ in range(3):
        said = problem(organiser.post("/bookings", wish), 409, "not-enough-seats")
        assert said["seats_available"] == 0


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        ("not_open", {"sales_open_at": DAY}),
        ("closed", {"sales_close_at": -DAY}),
        ("ended", {"start_at": -DAY}),
        ("cancelled", {"status": "cancelled"}),
    ],
)
def test_closed_sales_are_409_and_say_why(organiser, problem, wish, make_event, state, facts):
    moments = {k: now() + v if isinstance(v, timedelta) else v for k, v in facts.items()}
    event = make_event(**moments)
    answer = organiser.post("/bookings", {**wish, "event_id": event.id})
    assert problem(answer, 409, "sales-closed")["sale_state"] == state


def test_over_the_limit_per_person_is_409_with_its_figures(organiser, problem, wish, make_event):
    wish = {**wish, "event_id": make_event(max_per_person=2).id}
    organiser.post("/bookings", {**wish, "seats": 2})
    said = problem(organiser.post("/bookings", wish), 409, "over-person-limit")
    assert (said["max_per_person"], said["seats_held"]) == (2, 2)


def test_cancelling_answers_the_same_each_time_and_returns_the_seats_once(
    organiser, make_event, make_booking, sql
):
    event = make_event()
    booking = make_booking(event, seats=2)
    for _ in range(3):
        answer = organiser.delete(f"/bookings/{booking.id}")
        assert answer.status_code == 200
        assert answer.json == {"booking_id": booking.id, "status": "CANCELLED"}
        assert seats_left(sql, event) == 5


def test_some_seats_are_given_back_by_naming_those_to_keep(
    as_user, problem, make_user, make_event, make_booking, sql
):
    event, user = make_event(), make_user()
    booking = make_booking(event, user, seats=4)
    for _ in range(3):
        answer = as_user(user).patch(f"/bookings/{booking.id}", {"seats": 1})
        assert answer.status_code == 200
        assert (answer.json["seats"], answer.json["status"]) == (1, "CONFIRMED")
        assert seats_left(sql, event) == 4
    more = as_user(user).patch(f"/bookings/{booking.id}", {"seats": 2})
    assert problem(more, 422, "invalid")["errors"][0]["field"] == "seats"
    stranger = as_user(make_user()).patch(f"/bookings/{booking.id}", {"seats": 1})
    problem(stranger, 404, "not-found")


def test_a_user_is_too_late_to_cancel_after_the_deadline(
    as_user, organiser, problem, make_user, make_event, make_booking
):
    user = make_user()
    booking = make_booking(make_event(cancel_until=now() - DAY), user)
    answer = as_user(user).delete(f"/bookings/{booking.id}")
    assert "until" in problem(answer, 409, "cancellation-closed")
    assert organiser.delete(f"/bookings/{booking.id}").status_code == 200


def test_a_users_bookings_are_listed_with_their_events(
    organiser, make_user, make_event, make_booking
):
    user, event = make_user(), make_event()
    made = [make_booking(event, user).id for _ in range(2)]
    listed = organiser.get(f"/users/{user.id}/bookings").json
    assert [booking["booking_id"] for booking in listed] == made[::-1]
    assert {booking["event_name"] for booking in listed} == {event.name}


def test_the_next_links_lead_through_every_booking_exactly_once(
    organiser, make_user, make_event, make_booking
):
    user, event = make_user(), make_event(capacity=10)
    made = [make_booking(event, user).id for _ in range(5)]
    for listing in (f"/users/{user.id}/bookings", f"/admin/events/{event.id}/bookings"):
        seen, url = [], f"{listing}?limit=2"
        while url:
            answer = organiser.get(url)
            seen += [booking["booking_id"] for booking in answer.json]
            link = answer.headers.get("Link")
            url = link and link.split(">")[0].strip("<").removeprefix("/api")
        assert seen == made[::-1]


def test_the_organiser_sees_who_booked(organiser, make_user, make_event, make_booking):
    event, user = make_event(), make_user("meena@example.com", name="Meena")
    make_booking(event, user)
    make_booking(event)
    (listed,) = organiser.get(f"/admin/events/{event.id}/bookings?q=meena&status=CONFIRMED").json
    assert (listed["user_name"], listed["user_email"]) == ("Meena", "meena@example.com")


@pytest.mark.parametrize("address", ["/bookings/999", "/users/999/bookings"])
def test_what_is_unknown_is_404(organiser, problem, address):
    problem(organiser.get(address), 404, "not-found")


def test_the_bookings_of_an_unknown_event_are_404(organiser, problem):
    problem(organiser.get("/admin/events/999/bookings"), 404, "not-found")


def test_a_cancelled_events_bookings_keep_their_status_and_name_their_state(
    organiser, as_user, make_event, make_user, make_booking, problem
):
    event, guest = make_event(capacity=5), make_user()
    booking = make_booking(event, user=guest, seats=2)
    make_booking(event)
    organiser.delete(f"/bookings/{make_booking(event, user=guest).id}")
    organiser.put(f"/admin/events/{event.id}", {"status": "cancelled"})
    mine = as_user(guest)
    shown = [mine.get(f"/bookings/{booking.id}").json]
    shown += [row for row in mine.get(f"/users/{guest.id}/bookings").json if row["seats"] == 2]
    for path in (f"/admin/events/{event.id}/bookings", "/admin/bookings"):
        found = organiser.get(f"{path}?state=EVENT_CANCELLED").json
        assert len(found) == 2
        assert len(organiser.get(f"{path}?status=CONFIRMED").json) == 2
        assert [row["state"] for row in organiser.get(f"{path}?state=CANCELLED").json] == [
            "CANCELLED"
        ]
        shown += [row for row in found if row["seats"] == 2]
    assert {(row["status"], row["state"]) for row in shown} == {("CONFIRMED", "EVENT_CANCELLED")}
    problem(mine.delete(f"/bookings/{booking.id}"), 409, "event-cancelled")
    problem(mine.patch(f"/bookings/{booking.id}", {"seats": 1}), 409, "event-cancelled")
    organiser.put(f"/admin/events/{event.id}", {"status": "published"})
    assert mine.patch(f"/bookings/{booking.id}", {"seats": 1}).json["state"] == "CONFIRMED"
    states = {row["state"] for row in mine.get(f"/users/{guest.id}/bookings").json}
    assert states == {"CONFIRMED", "GIVEN_BACK", "CANCELLED"}
