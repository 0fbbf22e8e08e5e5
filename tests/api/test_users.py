"""Signing up, and the organiser's list of users."""

from datetime import datetime

import pytest

from app.services import accounts, sign_in_links

WISH = {"email": "meena@example.com", "name": "Meena", "password": "rice flour"}


@pytest.fixture
def app(sign_up_app):
    return sign_up_app


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


class TestWhereNoMailIsSent:
    @pytest.fixture
    def app(self, clean, migrated_app):
        return migrated_app

    def test_nobody_is_told_whether_an_email_is_known(self, anyone, make_user, problem, sql):
        known = make_user("meena@example.com").email
        told = [
            problem(anyone.post("/users", {**WISH, "email": email}), 403, "sign-up-closed")
            for email in (known, "ravi@example.com")
        ]
        assert told[0] == told[1]
        assert sql("SELECT count(*) FROM users") == [(1,)]

    def test_staff_makes_the_accounts_and_is_told(self, organiser, problem):
        assert organiser.post("/users", WISH).status_code == 201
        problem(organiser.post("/users", WISH), 409, "email-taken")

    def test_so_does_a_trusted_program(self, trusted, app, problem):
        assert trusted.post("/users", WISH).status_code == 201
        problem(trusted.post("/users", WISH), 409, "email-taken")
        with app.app_context():
            assert accounts.authenticate(WISH["email"], WISH["password"])


class TestWhereMailIsSent:
    @pytest.fixture
    def app(self, make_app, clean):
        return make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")

    def test_nobody_is_told_whether_an_email_is_known(self, anyone, make_user, sql):
        make_user("meena@example.com")
        wish = {"email": "meena@example.com", "name": "Meena"}
        known = anyone.post("/users", wish)
        unknown = anyone.post("/users", {**wish, "email": "ravi@example.com"})
        assert (known.status_code, unknown.status_code) == (202, 202)
        assert known.json == {"letter_to": "meena@example.com"}
        assert {*known.headers.keys()} == {*unknown.headers.keys()}
        assert sql("SELECT letter, recipient FROM mails ORDER BY id") == [
            ("sign_up_known", "meena@example.com"),
            ("sign_up", "ravi@example.com"),
        ]
        assert sql("SELECT count(*) FROM users") == [(1,)], "the letter's link makes the other"

    def test_no_password_is_taken_before_the_email_is_proven(self, anyone, problem, sql):
        said = problem(anyone.post("/users", WISH), 422)
        assert said["errors"][0]["field"] == "password"
        assert sql("SELECT count(*) FROM mails") == [(0,)]

    def test_the_link_makes_the_account(self, app, anyone, sql):
        anyone.post("/users", {"email": "ravi@example.com", "name": "Ravi"})
        secret = sql("SELECT facts->>'link' FROM mails")[0][0].rsplit("/", 1)[1]
        with app.app_context():
            opened = sign_in_links.open_link(secret)
        assert (opened.user.email, opened.user.name) == ("ravi@example.com", "Ravi")

    def test_one_address_gets_so_many_letters(self, anyone, problem):
        statuses = [anyone.post("/users", {"email": "a@b.example"}).status_code for _ in range(6)]
        assert statuses == [202] * 5 + [429]

    def test_staff_makes_the_user_at_once_and_is_told(self, organiser, problem, sql):
        assert organiser.post("/users", WISH).status_code == 201
        problem(organiser.post("/users", WISH), 409, "email-taken")
        assert sql("SELECT count(*) FROM mails") == [(0,)]


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
