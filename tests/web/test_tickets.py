"""A ticket's secret address: whoever has it sees this booking, may give it back, and no more."""

import re
from datetime import timedelta

import pytest

from app.errors import EventNotFound
from app.models.columns import now
from app.models.staff_scope import StaffScope, act_within
from app.presenters.ticket_addresses import ticket_secret
from app.services import account_deletion, bookings, tickets
from tests.support.sums import seats_left
from tests.web.conftest import PASSWORD, Visitor

ASHA = {"email": "asha@example.com", "name": "Asha from the library"}
SAID = "You can give seats back until"


@pytest.fixture
def event(make_event):
    return make_event(name="Dance Night", capacity=9)


@pytest.fixture
def booked(app, desk, event):
    with app.app_context():
        return bookings.book_as_guest(desk, event_id=event.id, seats=3, **ASHA).booking


@pytest.fixture
def secret_of(app):
    def secret_of(booking):
        with app.app_context():
            return ticket_secret(bookings.get_booking(booking.id))

    return secret_of


@pytest.fixture
def address(secret_of, booked):
    return f"/tickets/{secret_of(booked)}"


def test_it_shows_the_ticket_to_whoever_has_it(visitor, address, booked):
    page = visitor.get(address)
    assert page.status_code == 200
    assert "Dance Night" in page.text
    assert "Asha from the library" in page.text
    assert SAID in page.text
    assert f"{booked.reference[:4]}-" in page.text


@pytest.mark.parametrize("rest", ["", "/calendar.ics", "/ticket.pdf", "/cancellation"])
def test_it_is_not_stored_not_indexed_and_told_to_nobody(visitor, address, rest):
    headers = visitor.get(address + rest).headers
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: s + "A", lambda s: s[:12] + "A" * 22]
)
def test_another_secret_opens_nothing(visitor, address, change):
    answer = visitor.get(change(address))
    assert answer.status_code == 404
    assert "Dance Night" not in answer.text
    assert answer.headers.getlist("Referrer-Policy") == ["no-referrer"]


def test_who_guesses_is_told_to_wait(make_app, clean, booked, secret_of):
    visitor = Visitor(make_app(limit_wrong_keys="3 per minute"))
    tries = [visitor.get(f"/tickets/{booked.reference}{number:022}") for number in range(5)]
    assert [answer.status_code for answer in tries] == [404, 404, 404, 429, 429]
    assert visitor.get(f"/tickets/{secret_of(booked)}").status_code == 200


def test_nothing_else_of_that_person_is_shown(visitor, app, desk, make_event, make_user, secret_of):
    make_user(email="meena@example.com", name="Meena Pillai", password=PASSWORD)
    who = {"email": "meena@example.com", "name": "Bob"}
    with app.app_context():
        mine = bookings.book_as_guest(desk, event_id=make_event(name="Jazz").id, seats=1, **who)
        other = bookings.book_as_guest(desk, event_id=make_event(name="Opera").id, seats=1, **who)
    page = visitor.get(f"/tickets/{secret_of(mine.booking)}").text
    assert "Bob" in page
    for private in ("Meena", "meena@example.com", "Opera", other.booking.reference):
        assert private not in page
    assert visitor.get(f"/bookings/{mine.booking.id}").headers["Location"].startswith("/sign-in")


def test_it_gives_seats_back_and_shows_what_is_left(visitor, address, event, sql):
    answer = visitor.post(f"{address}/cancellation", {"had": "3", "give": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert "You keep 1 seat" in visitor.get(address).text
    assert seats_left(sql, event) == 8
    again = visitor.post(f"{address}/cancellation", {"had": "3", "give": "2"})
    assert again.status_code == 303
    assert seats_left(sql, event) == 8


def test_all_given_back_it_says_so(visitor, address, event, sql):
    visitor.post(f"{address}/cancellation", {"had": "3", "give": "3"})
    assert "This booking is cancelled" in visitor.get(address).text
    assert seats_left(sql, event) == 9


def test_more_than_there_are_is_refused_with_the_form(visitor, address):
    answer = visitor.post(f"{address}/cancellation", {"had": "3", "give": "4"})
    assert answer.status_code == 422
    assert f'action="{address}/cancellation"' in answer.text


def test_its_calendar_entry_leads_back_to_it(visitor, address, settings):
    unfolded = visitor.get(f"{address}/calendar.ics").text.replace("\r\n ", "")
    assert f"URL:http://127.0.0.1:{settings.port}{address}" in unfolded


def test_staff_replace_it_and_it_opens_nothing_any_more(
    visitor, new_visitor, settings, address, booked, secret_of, sql
):
    staff = new_visitor()
    staff.log_in(settings.admin_key[0])
    answer = staff.post(f"/admin/bookings/{booked.id}/address")
    assert answer.headers["Location"] == f"/admin/bookings/{booked.id}"
    assert visitor.get(address).status_code == 404
    assert visitor.get(f"/tickets/{secret_of(booked)}").status_code == 200
    assert "link replaced" in staff.get(f"/admin/bookings/{booked.id}").text
    assert sql("SELECT action, subject_id FROM audit_entries") == [
        ("booking.address_replaced", booked.id)
    ]


def test_a_key_that_is_limited_to_other_events_replaces_nothing(app, booked, make_event):
    with app.test_request_context():
        act_within(StaffScope(events=frozenset({booked.event_id + 1})))
        with pytest.raises(EventNotFound):
            tickets.replace_address(booked.id)


def test_the_ticket_of_who_left_says_no_name(visitor, app, desk, event, make_user, secret_of):
    owner = make_user(email="meena@example.com", password=PASSWORD)
    who = {"email": "meena@example.com", "name": "Bob"}
    with app.app_context():
        mine = bookings.book_as_guest(desk, event_id=event.id, seats=1, **who).booking
        account_deletion.delete_account(owner.id, PASSWORD, desk)
    page = visitor.get(f"/tickets/{secret_of(mine)}").text
    assert "Bob" not in page
    assert "deleted-" not in page


def test_staff_see_the_name_that_was_typed_and_find_it(
    app, desk, new_visitor, settings, make_user, event
):
    make_user(email="meena@example.com", name="Meena Pillai")
    who = {"email": "meena@example.com", "name": "Órla Byrne"}
    with app.app_context():
        bookings.book_as_guest(desk, event_id=event.id, seats=1, **who)
    staff = new_visitor()
    staff.log_in(settings.admin_key[0])
    for words in ("orla", "Órla Byrne", "byrn", "meena@example.com", "Pillai"):
        assert "Órla Byrne" in staff.get("/admin/bookings", query_string={"q": words}).text, words
    assert "Órla Byrne" in staff.get(f"/admin/events/{event.id}/guests").text
    rows = staff.get("/admin/bookings.csv").text
    assert "Órla Byrne" in rows
    assert not re.search("Pillai", rows)


def test_the_event_and_the_page_of_giving_back_say_till_when_it_may_be_done(
    visitor, address, event, make_event
):
    until = now() + timedelta(days=5)
    asked = make_event(start_at=now() + timedelta(days=9), cancel_until=until)
    assert SAID in visitor.get(f"/events/{asked.id}/{asked.slug}").text
    assert SAID in visitor.get(f"{address}/cancellation").text
    # Without a day of the organiser's, the event itself says none.
    assert SAID not in visitor.get(f"/events/{event.id}/{event.slug}").text


def test_a_ticket_offers_a_password_to_whoever_has_none_where_letters_are_sent(
    make_app, visitor, address
):
    letters = Visitor(make_app(mail_url="smtp://127.0.0.1:1", mail_from="t@example.org"))
    page = letters.get(address).text
    (way,) = re.findall(r'href="([^"]+)">choose a password', page)
    asked = letters.get(way.replace("&amp;", "&"))
    assert asked.status_code == 200
    assert 'value="password"' in asked.text
    # Neither whose ticket it is, nor whether they have an account, is told to who has the address.
    assert "asha@example.com" not in page + asked.text
    assert "choose a password" not in visitor.get(address).text
