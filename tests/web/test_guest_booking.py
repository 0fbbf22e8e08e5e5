"""Booking with a name and an email: from the event's page to the ticket, without a password."""

import re

import pytest

from tests.support.sums import seats_left, seats_sold
from tests.web.conftest import HTMX, PASSWORD, Visitor

OWN = {"Origin": "http://localhost", "Accept": "text/html"}
ASHA = {"name": "Asha", "email": "asha@example.com"}


@pytest.fixture
def event(make_event):
    return make_event(name="Dance Night", capacity=9)


def page_of(event):
    return f"/events/{event.id}/{event.slug}"


def key_on(page):
    return re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)[1]


def book(visitor, event, headers=OWN, **changes):
    """The form as the page has it, sent as browsers do."""
    page = visitor.get(page_of(event)).text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)[1]
    form = {"csrf_token": token, "idempotency_key": key_on(page), "seats": "1", **ASHA, **changes}
    return visitor.post(f"/events/{event.id}/bookings", form, headers, csrf=False)


def test_the_event_asks_whoever_is_not_signed_in_for_name_and_email(visitor, event):
    page = visitor.get(page_of(event)).text
    (name,) = re.findall(r'<input[^>]*id="name"[^>]*>', page)
    (email,) = re.findall(r'<input[^>]*id="email"[^>]*>', page)
    assert 'autocomplete="name"' in name
    assert 'type="email"' in email
    assert 'autocomplete="email"' in email
    assert 'inputmode="email"' in email
    assert 'type="password"' not in page


def test_who_is_signed_in_is_asked_for_neither(visitor, signed_in, event):
    page = visitor.get(page_of(event)).text
    assert 'id="booking-form"' in page
    assert 'name="email"' not in page
    assert 'name="name"' not in page


def test_the_form_leads_to_the_ticket_without_a_cookie_before(visitor, event, sql):
    answer = book(visitor, event, seats="2")
    assert answer.status_code == 303
    ticket = visitor.get(answer.location)
    assert "You&#39;re going to" in ticket.text or "You're going to" in ticket.text
    assert "Asha" in ticket.text
    assert seats_sold(sql, event) == 2
    assert 'type="password"' not in ticket.text


def test_htmx_is_led_to_the_ticket_too(visitor, event):
    answer = book(visitor, event, headers={**HTMX, "Origin": "http://localhost"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/tickets/")


def test_each_copy_of_the_page_has_a_key_of_its_own(new_visitor, event):
    pages = [new_visitor().get(page_of(event)).text for _ in range(3)]
    assert len({key_on(page) for page in pages}) == 3
    assert not any("@" in key_on(page) for page in pages)


def test_the_page_for_all_starts_no_session(visitor, event):
    assert "Set-Cookie" not in visitor.get(page_of(event)).headers


def test_two_presses_of_one_page_book_once(visitor, event, sql):
    page = visitor.get(page_of(event)).text
    form = {"idempotency_key": key_on(page), "seats": "1", **ASHA}
    first, second = (
        visitor.post(f"/events/{event.id}/bookings", form, OWN, csrf=False) for _ in range(2)
    )
    assert first.location == second.location
    assert seats_sold(sql, event) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "\u200b"}, "Enter"),
        ({"email": ""}, "Enter your email."),
        ({"email": "asha@"}, "Enter an email address, as in name@example.com."),
        ({"seats": "0"}, "Choose from 1 to"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    visitor, event, sql, changes, sentence
):
    answer = book(visitor, event, **{"seats": "3", **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in ({"seats": "3", **ASHA} | changes).items():
        field = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', answer.text)[0]
        assert f'value="{value}"' in field
    assert sql("SELECT count(*) FROM users") == [(0,)]


def test_a_lost_race_keeps_what_was_typed(visitor, event, sql):
    answer = book(visitor, event, seats="10")
    assert answer.status_code == 409
    assert 'value="asha@example.com"' in answer.text
    assert 'value="Asha"' in answer.text
    assert sql("SELECT count(*) FROM users") == [(0,)]


def test_an_email_with_an_account_books_just_the_same(new_visitor, make_user, event, sql):
    owner = make_user(email="meena@example.com", name="Meena Pillai", password=PASSWORD)
    strangers = {email: new_visitor() for email in ("meena@example.com", "new@example.com")}
    answers = {email: book(who, event, email=email) for email, who in strangers.items()}
    told = []
    for email, answer in answers.items():
        page = strangers[email].get(answer.location).text
        assert answer.status_code == 303
        assert "Meena" not in page
        told.append(re.sub(r"[2-9A-HJ-NP-Z]{4}-?|/tickets/[\w-]+|<svg.*?</svg>", "", page))
    assert told[0] == told[1]
    assert sql("SELECT count(*) FROM bookings WHERE user_id = %s", owner.id) == [(1,)]
    mine = new_visitor()
    mine.sign_in("meena@example.com")
    assert "Dance Night" in mine.get("/bookings").text
    theirs = strangers["meena@example.com"].get("/bookings", follow_redirects=True).text
    assert theirs.count('class="booking-row"') == 1


def test_at_the_limit_an_email_is_not_told_what_it_has(new_visitor, make_event):
    event = make_event(max_per_person=2)
    book(new_visitor(), event, seats="2")
    answer = book(new_visitor(), event, seats="1")
    assert answer.status_code == 409
    assert "With one email 2 seats can be booked" in answer.text
    assert "already" not in answer.text


def test_the_browser_finds_its_tickets_under_my_bookings(visitor, event, make_event):
    first, second = book(visitor, event).location, book(visitor, make_event(name="Jazz")).location
    answer = visitor.get("/bookings")
    assert answer.location == "/tickets"
    page = visitor.get("/tickets").text
    for ticket in (first, second):
        assert ticket.partition("?")[0] in page
    assert "You have 1 seat" in visitor.get(page_of(event)).text


@pytest.mark.long
def test_it_keeps_the_newest_twenty(visitor, make_event):
    event = make_event(capacity=50)
    last = [book(visitor, event).location.partition("?")[0] for _ in range(22)]
    page = visitor.get("/tickets").text
    assert page.count('class="booking-row"') == 20
    assert last[-1] in page
    assert last[0] not in page
    assert len(visitor.cookie().value) < 3000


def test_it_forgets_them_when_asked(visitor, event):
    ticket = book(visitor, event).location
    visitor.post("/tickets/forgotten")
    assert "Nothing was booked in this browser" in visitor.get("/tickets").text
    assert visitor.get("/bookings").location.startswith("/sign-in")
    assert visitor.get(ticket).status_code == 200


def test_its_tickets_are_no_account(visitor, event):
    book(visitor, event)
    for path in ("/account", "/bookings/1", "/account/data.json"):
        assert visitor.get(path).location.startswith("/sign-in"), path


def test_who_signs_in_later_keeps_the_browsers_tickets_apart(visitor, alice, event):
    ticket = book(visitor, event).location.partition("?")[0]
    visitor.sign_in(alice.email)
    assert "Dance Night" not in visitor.get("/bookings").text
    assert ticket in visitor.get("/tickets").text


def test_whose_session_is_over_is_asked_for_name_and_email(visitor, signed_in, event):
    page = visitor.get(page_of(event)).text
    form = {"idempotency_key": key_on(page), "seats": "2"}
    visitor._client.delete_cookie(visitor.cookie().key)
    answer = visitor.post(f"/events/{event.id}/bookings", form, OWN, csrf=False)
    assert answer.status_code == 422
    assert "no longer signed in" in answer.text
    assert 'name="email"' in answer.text
    assert 'value="2"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_another_sites_form_books_nothing(visitor, event, sql, headers):
    answer = book(visitor, event, headers={"Accept": "text/html", **headers})
    assert answer.status_code == 400
    assert seats_sold(sql, event) == 0


def test_a_browser_that_hides_where_it_comes_from_is_asked_once_more(visitor, event, sql):
    """Then its page has a token, since the browser has a session."""
    answer = book(visitor, event, headers={"Accept": "text/html"}, seats="2")
    assert answer.status_code == 400
    assert 'value="asha@example.com"' in answer.text
    hidden = {"Accept": "text/html", "Origin": "null"}
    other = Visitor(visitor._client.application)
    answer = book(other, event, headers=hidden, seats="2")
    assert answer.status_code == 303
    assert seats_sold(sql, event) == 0
    assert "Please fill it in again." in other.get(page_of(event)).text
    assert book(other, event, headers=hidden, seats="2").location.startswith("/tickets/")
    assert seats_left(sql, event) == 7


def test_too_many_orders_with_one_email_from_one_address_wait(make_app, clean, event):
    visitor = Visitor(make_app(limit_booking="2 per minute"))
    answers = [book(visitor, event).status_code for _ in range(3)]
    assert answers == [303, 303, 429]
    assert book(visitor, event, email="other@example.com").status_code == 303
