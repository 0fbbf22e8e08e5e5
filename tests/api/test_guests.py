"""Booking by name and email, for programs that act for any user."""

import re

import pytest

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def wish(make_event):
    """A body of `POST /bookings` that is granted."""
    event = make_event(capacity=5)
    return {"event_id": event.id, "seats": 2, "name": "Asha", "email": "Asha@Example.com"}


def test_staff_book_by_name_and_email_and_get_the_tickets_address(organiser, client, wish, sql):
    answer = organiser.post("/bookings", wish)
    assert answer.status_code == 201
    assert sql("SELECT id, email, name FROM users") == [
        (answer.json["user_id"], "asha@example.com", "Asha")
    ]
    path = re.fullmatch(r"http://127.0.0.1:\d+(/tickets/[\w-]{34})", answer.json["ticket_url"])[1]
    assert "Asha" in client.get(path).text


def test_the_open_api_books_for_guests_too(trusted, wish):
    answer = trusted.post("/bookings", wish)
    assert answer.status_code == 201
    assert "ticket_url" in answer.json


def test_a_booking_for_a_user_tells_no_address(organiser, make_user, wish):
    answer = organiser.post("/bookings", {"user_id": make_user().id, "event_id": wish["event_id"]})
    assert "ticket_url" not in answer.json


def test_one_email_is_one_person_with_an_account_and_without(organiser, make_user, wish):
    owner = make_user(email="asha@example.com")
    booked = [organiser.post("/bookings", wish | {"seats": 1, "name": name}) for name in "ab"]
    assert [answer.json["user_id"] for answer in booked] == [owner.id] * 2


def test_the_same_key_answers_the_same_again(organiser, wish, sql):
    key = {"Idempotency-Key": "k-1"}
    first, again = (organiser.post("/bookings", wish, headers=key) for _ in range(2))
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sql("SELECT sum(seats) FROM bookings") == [(2,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"email": None}, "email"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"email": "asha@"}, "email"),
        ({"user_id": 1}, "user_id"),
    ],
)
def test_what_is_wrong_is_named(organiser, wish, sql, changes, field):
    body = {name: value for name, value in (wish | changes).items() if value is not None}
    answer = organiser.post("/bookings", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert sql("SELECT count(*) FROM users") == [(0,)]


def test_a_token_books_for_its_own_user_alone(as_user, make_user, wish, sql):
    answer = as_user(make_user()).post("/bookings", wish)
    assert answer.status_code == 422
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_nobody_books_for_a_guest_without_a_key(anyone, wish):
    assert anyone.post("/bookings", wish).status_code == 401


def test_the_limit_per_email_says_nothing_of_what_was_booked(organiser, make_event, problem):
    event = make_event(max_per_person=2)
    wish = {"event_id": event.id, "seats": 2, "name": "Asha", "email": "asha@example.com"}
    organiser.post("/bookings", wish)
    said = problem(organiser.post("/bookings", wish), 409, "over-person-limit")
    assert said["max_per_person"] == 2
    assert "seats_held" not in said


def test_staff_lists_say_the_name_that_was_typed(organiser, make_user, wish):
    make_user(email="asha@example.com", name="Asha Rao")
    organiser.post("/bookings", wish | {"name": "Bob"})
    (listed,) = organiser.get(f"/admin/events/{wish['event_id']}/bookings").json
    assert (listed["user_name"], listed["user_email"]) == ("Bob", "asha@example.com")


def test_a_refused_guest_is_not_recorded(organiser, wish, sql):
    assert organiser.post("/bookings", wish | {"seats": 6}).status_code == 409
    assert sql("SELECT count(*) FROM users") == [(0,)]
