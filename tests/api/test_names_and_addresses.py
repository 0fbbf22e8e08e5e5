"""Calls take no invisible name, and one address however it is spelt."""

import pytest

WISH = {"name": "Kolam Morning", "start_at": "2099-01-02T06:30:00+05:30", "capacity": 40}
UNSEEN = "\u200b\u3164\u2800"


@pytest.mark.parametrize("field", ["name", "venue", "address", "city", "category", "description"])
@pytest.mark.parametrize("method", ["post", "put"])
def test_what_nobody_can_see_is_422_at_its_field(organiser, problem, make_event, method, field):
    path = "/admin/events" if method == "post" else f"/admin/events/{make_event().id}"
    body = {**WISH, field: UNSEEN} if method == "post" else {field: UNSEEN}
    said = problem(organiser(method.upper(), path, json=body), 422)
    assert said["errors"] == [{"field": field, "message": "must hold something that can be seen"}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users", {"email": "a@example.com", "name": UNSEEN, "password": "rice flour"}),
        ("/admin/keys", {"name": UNSEEN, "role": "viewer"}),
    ],
)
def test_people_and_keys_have_names_that_can_be_seen(organiser, problem, path, body):
    said = problem(organiser.post(path, body), 422)
    assert [error["field"] for error in said["errors"]] == ["name"]


def test_a_copy_has_a_name_that_can_be_seen(organiser, problem, make_event):
    said = problem(organiser.post(f"/admin/events/{make_event().id}/copies", {"name": UNSEEN}), 422)
    assert [error["field"] for error in said["errors"]] == ["name"]


def test_names_are_kept_in_nfc_without_signs_that_turn_what_follows(organiser):
    shown = organiser.post("/admin/events", {**WISH, "name": "Cafe\u0301 \u202eNoir\u200b"}).json
    assert shown["name"] == "Café Noir"


def test_a_name_that_grows_too_long_in_nfc_is_422(organiser, problem):
    said = problem(organiser.post("/admin/events", {**WISH, "name": "\u0958" * 150}), 422)
    assert [error["field"] for error in said["errors"]] == ["name"]


@pytest.mark.parametrize("email", ["anna@xn--bcher-kva.example", "anna@BÜCHER.example"])
def test_an_address_is_taken_however_it_is_spelt(organiser, problem, email):
    wish = {"email": "anna@bücher.example", "password": "rice flour"}
    assert organiser.post("/users", wish).json["email"] == "anna@bücher.example"
    problem(organiser.post("/users", {**wish, "email": email}), 409, "email-taken")
