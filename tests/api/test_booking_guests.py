"""A booking's guest, corrected by programs of staff."""

import pytest

WRONG, RIGHT = "asha@exmaple.com", "asha@example.com"


@pytest.fixture
def booking(make_event, make_user, make_booking):
    guest = make_user(WRONG, name="Asha")
    return make_booking(make_event(), guest, seats=2, guest_name="Asha")


@pytest.fixture
def guest(booking):
    return f"/admin/bookings/{booking.id}/guest"


def test_an_email_is_corrected(organiser, guest, booking):
    answer = organiser.patch(guest, {"email": RIGHT})
    assert answer.status_code == 200
    assert answer.json["booking_id"] == booking.id
    assert (answer.json["user_email"], answer.json["user_name"]) == (RIGHT, "Asha")
    assert answer.json["user_id"] != booking.user_id


def test_what_changed_since_it_was_seen_is_told(organiser, guest, problem):
    assert organiser.patch(guest, {"name": "Asha Rao", "seen_name": "Asha"}).status_code == 200
    said = problem(organiser.patch(guest, {"name": "A. Rao", "seen_name": "Asha"}), 409)
    assert said["type"] == "/docs/problems#booking-changed"


def test_a_guest_of_nothing_and_a_bad_email_are_told(organiser, guest, problem):
    problem(organiser.patch("/admin/bookings/999/guest", {"name": "Asha"}), 404)
    said = problem(organiser.patch(guest, {"email": "asha@"}), 422)
    assert said["errors"][0]["field"] == "email"
