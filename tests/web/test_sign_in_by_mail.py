"""Signing in by a letter, as browsers do it; and what the pages say where no mail is sent."""

import re

import pytest

from app.models import Role
from app.services import staff
from tests.web.conftest import PASSWORD, Visitor


@pytest.fixture
def mailing(clean, make_app):
    return make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")


@pytest.fixture
def browse(mailing):
    return lambda: Visitor(mailing)


@pytest.fixture
def letters(sql):
    return lambda: sql("SELECT letter, recipient, facts FROM mails ORDER BY id")


def path_of(letter):
    return re.search("/sign-in/links/.+", letter[2]["link"])[0]


def told(page):
    """A page without what differs by chance."""
    page = re.sub(r"[\w.-]+@example.com", "EMAIL", page)
    return re.sub(r'name="csrf_token"[^>]*>', "", page)


def test_a_guest_signs_in_by_the_code_of_a_letter(browse, letters, make_user):
    make_user("guest@example.com")
    guest = browse()
    sent = guest.post("/sign-in/mail", {"email": "guest@example.com", "next": "/account"})
    assert sent.location.endswith("/sign-in/code")
    assert "guest@example.com" in guest.get("/sign-in/code").text
    assert guest.post("/sign-in/code", {"code": "not it"}).status_code == 422
    done = guest.post("/sign-in/code", {"code": letters()[0][2]["code"]})
    assert (done.status_code, done.location) == (303, "/account")
    assert "guest@example.com" in guest.get("/account").text


def test_a_link_opens_in_another_browser_by_its_button_alone(browse, letters, make_user):
    make_user("guest@example.com")
    browse().post("/sign-in/mail", {"email": "guest@example.com"})
    path, other = path_of(letters()[0]), browse()
    for _scanner in range(3):
        page = other.get(path)
        assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in page.headers["Cache-Control"]
    assert other.post(path).location == "/bookings"
    assert other.get("/account").status_code == 200
    assert browse().post(path).status_code == 404
    assert browse().get(path).status_code == 404


def test_a_code_is_nothing_to_another_browser(browse, letters, make_user):
    make_user("guest@example.com")
    browse().post("/sign-in/mail", {"email": "guest@example.com"})
    code = letters()[0][2]["code"]
    assert browse().post("/sign-in/code", {"code": code}).location.endswith("/sign-in/mail")


@pytest.mark.parametrize("page", ["/sign-in/mail", "/sign-up"])
def test_known_and_unknown_addresses_are_answered_alike(browse, letters, make_user, page, sql):
    make_user("known@example.com")
    answers = []
    for email in ("known@example.com", "unknown@example.com"):
        visitor = browse()
        answer = visitor.post(page, {"email": email, "name": "Nila"})
        answers.append(
            (answer.status_code, answer.location, told(visitor.get("/sign-in/code").text))
        )
    assert answers[0] == answers[1]
    assert [letter for letter, _to, _facts in letters()] == [
        "sign_in" if page == "/sign-in/mail" else "sign_up_known",
        "sign_up",
    ]
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_somebody_signs_up_by_a_letter_without_a_password(browse, letters, sql):
    visitor = browse()
    assert 'name="password"' not in visitor.get("/sign-up").text
    visitor.post("/sign-up", {"email": "new@example.com", "name": "Nila"})
    visitor.post(path_of(letters()[0]))
    assert sql("SELECT email, name, password_hash FROM users") == [
        ("new@example.com", "Nila", None)
    ]


def test_a_forgotten_password_is_set_anew(browse, letters, make_user):
    make_user("guest@example.com", password=PASSWORD)
    visitor = browse()
    visitor.post("/sign-in/mail", {"email": "guest@example.com", "purpose": "password"})
    path = path_of(letters()[0])
    assert visitor.post(path, {"password": "short"}).status_code == 422
    assert visitor.post(path, {"password": "another long one"}).status_code == 303
    assert browse().sign_in("guest@example.com", "another long one").status_code == 303


def test_a_changed_email_waits_for_its_letter(browse, letters, make_user):
    make_user("old@example.com", password=PASSWORD)
    visitor = browse()
    visitor.sign_in("old@example.com")
    data = {"email-email": "new@example.com", "email-password": PASSWORD}
    assert visitor.post("/account/email", data).status_code == 303
    assert "old@example.com" in visitor.get("/account").text
    make_user("other@example.com", password=PASSWORD)
    stranger, other = browse(), browse()
    other.sign_in("other@example.com")
    for browser in (stranger, other):
        for ask in (browser.get, browser.post):
            assert ask(path_of(letters()[0])).location.endswith("/sign-in")
    assert stranger.get("/account").status_code == 303, "the letter lets no stranger in"
    assert "old@example.com" in visitor.get("/account").text
    visitor.post(path_of(letters()[0]))
    assert "new@example.com" in visitor.get("/account").text
    assert letters()[1][:2] == ("email_changed", "old@example.com")


def test_letters_to_one_address_are_few(browse):
    visitor = browse()
    answers = [
        visitor.post("/sign-in/mail", {"email": "somebody@example.com"}).status_code
        for _ in range(6)
    ]
    assert answers == [303] * 5 + [429]


def test_without_mail_the_pages_say_so(visitor, sql):
    assert "This site sends no mail" in visitor.get("/sign-in/mail").text
    assert "This site sends no mail" in visitor.get("/sign-in/mail?for=password").text
    answer = visitor.post("/sign-in/mail", {"email": "a@example.com"})
    assert answer.status_code == 409
    assert sql("SELECT count(*) FROM sign_in_links") == [(0,)]


def test_without_mail_organisers_make_the_accounts_and_the_page_says_so(visitor):
    page = visitor.get("/sign-up")
    assert page.status_code == 200
    assert 'name="email"' not in page.text
    assert "This site sends no mail" in page.text
    assert "You need no account to book" in page.text
    assert "/sign-up" not in visitor.get("/sign-in").text


def test_without_mail_sign_up_answers_alike_whether_an_email_is_known(visitor, alice, sql):
    wishes = [
        {"name": "Nila", "email": email, "password": PASSWORD}
        for email in (alice.email, "unknown@example.com", "no email")
    ]
    answers = [visitor.post("/sign-up", wish) for wish in wishes]
    assert {answer.status_code for answer in answers} == {403}
    assert len({told(answer.text) for answer in answers}) == 1
    assert "This site sends no mail" in answers[0].text
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_an_open_sign_up_without_mail_is_as_it_says(new_newcomer, alice):
    """The control: here the answer differs, as the operator was warned."""
    visitor = new_newcomer()
    assert "/sign-up" in visitor.get("/sign-in").text
    wish = {"name": "Nila", "email": alice.email, "password": PASSWORD}
    assert visitor.post("/sign-up", wish).status_code == 422
    assert visitor.post("/sign-up", {**wish, "email": "new@example.com"}).status_code == 303


def test_where_letters_are_sent_open_changes_nothing(make_app, clean):
    app = make_app(sign_up="open", mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    assert 'name="password"' not in Visitor(app).get("/sign-up").text


def test_staff_makes_a_link_for_a_guest_which_is_shown_once(
    organiser, new_visitor, make_event, make_booking
):
    booking = make_booking(make_event())
    made = organiser.post(f"/admin/bookings/{booking.id}/sign-in-link")
    assert made.status_code == 201
    path = re.search(r"/sign-in/links/[\w-]+", made.text)[0]
    assert path not in organiser.get(f"/admin/bookings/{booking.id}").text
    guest = new_visitor()
    assert "Set a password" in guest.get(path).text
    assert guest.post(path, {"password": "another long one"}).status_code == 303
    assert guest.get("/account").status_code == 200


def test_a_key_of_some_events_makes_no_link(app, make_event, make_booking):
    event = make_event()
    booking, visitor = make_booking(event), Visitor(app)
    with app.app_context():
        _key, secret = staff.create_key("door", Role.ORGANISER, event_ids=[event.id])
    visitor.log_in(secret)
    assert "Make a sign-in link" not in visitor.get(f"/admin/bookings/{booking.id}").text
    assert visitor.post(f"/admin/bookings/{booking.id}/sign-in-link").status_code == 403


def test_who_opens_a_link_that_is_over_is_led_to_a_new_one(visitor):
    page = visitor.get(f"/sign-in/links/{'x' * 43}")
    assert page.status_code == 404
    assert "Ask for a new link" in page.text
    assert 'href="/sign-in/mail"' in page.text
