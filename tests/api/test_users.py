"""Signing up, and the organiser's list of users."""

from datetime import datetime

import pytest

WISH = {"email": "meena@example.com", "name": "Meena", "password": "rice flour"}


def test_a_new_user_is_201_without_the_password(anyone):
    answer = anyone.post("/users", WISH)
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "email", "name", "created_at"}
    assert (answer.json["email"], answer.json["name"]) == ("meena@example.com", "Meena")
    assert datetime.fromisoformat(answer.json["created_at"]).tzinfo


@pytest.mark.parametrize("email", ["meena@example.com", "MEENA@EXAMPLE.COM"])
def test_a_taken_email_is_409(anyone, problem, email):
    anyone.post("/users", WISH)
    problem(anyone.post("/users", {**WISH, "email": email}), 409, "email-taken")


def test_a_password_is_needed_from_anyone_but_the_organiser(anyone, organiser, problem):
    wish = {"email": "meena@example.com"}
    said = problem(anyone.post("/users", wish), 422)
    assert said["errors"][0]["field"] == "password"
    assert organiser.post("/users", wish).status_code == 201


def test_the_demo_needs_no_password(trusted):
    assert trusted.post("/users", {"email": "meena@example.com"}).status_code == 201


@pytest.mark.parametrize("password", ["short", "", "x" * 201, 12345678, ["rice flour"]])
def test_a_password_against_the_rules_is_422(anyone, problem, password):
    said = problem(anyone.post("/users", {**WISH, "password": password}), 422)
    assert said["errors"][0]["field"] == "password"


@pytest.mark.parametrize("email", ["", "meena", "meena@", "a b@example.com", 7, None, "x@y@z.com"])
def test_what_is_no_email_is_422(anyone, problem, email):
    said = problem(anyone.post("/users", {**WISH, "email": email}), 422)
    assert said["errors"][0]["field"] == "email"


def test_the_organiser_lists_and_finds_users(organiser, make_user):
    meena = make_user("meena@example.org", name="Meena")
    make_user()
    assert len(organiser.get("/admin/users").json) == 2
    assert [user["id"] for user in organiser.get("/admin/users?q=meena").json] == [meena.id]


def test_no_list_shows_a_password(organiser, anyone):
    anyone.post("/users", WISH)
    assert "password" not in organiser.get("/admin/users").get_data(as_text=True)


def test_the_next_links_lead_through_every_user_exactly_once(organiser, make_user):
    made = [make_user().id for _ in range(5)]
    seen, url = [], "/admin/users?limit=2"
    while url:
        answer = organiser.get(url)
        seen += [user["id"] for user in answer.json]
        link = answer.headers.get("Link")
        url = link and link.split(">")[0].strip("<").removeprefix("/api")
    assert seen == made
