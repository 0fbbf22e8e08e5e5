"""Workers that answer for tickets without a network: how they are served, what they may keep."""

from datetime import datetime, timedelta

import pytest

from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings
from tests.web.conftest import PASSWORD

WORKERS = ["/bookings/worker.js", "/tickets/worker.js"]


@pytest.mark.parametrize("path", WORKERS)
def test_a_worker_is_served_from_the_folder_that_it_answers_for(client, clean, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    # Nothing widens what it may take over: the folder of its address.
    assert "Service-Worker-Allowed" not in answer.headers
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304


@pytest.fixture
def person(new_visitor, make_user):
    user = make_user(password=PASSWORD)
    visitor = new_visitor()
    visitor.sign_in(user.email)
    visitor.user = user
    return visitor


@pytest.fixture
def addresses(app, make_booking, make_event, person):
    """Of one ticket: its account's, and the secret one."""

    def of(**facts):
        booking = make_booking(make_event(**facts), user=person.user)
        with app.app_context():
            return booking, [f"/bookings/{booking.id}", f"/tickets/{ticket_secret(booking)}"]

    return of


def test_a_ticket_may_be_kept_until_two_days_after_its_event(person, addresses):
    end = now().replace(microsecond=0) + timedelta(days=90)
    _booking, both = addresses(end_at=end)
    for address in both:
        headers = person.get(address).headers
        assert datetime.fromisoformat(headers["X-Keep-Until"]) == end + timedelta(days=2)
        assert headers["Cache-Control"] == "no-store"


def test_nothing_else_of_a_ticket_may_be_kept(person, addresses):
    _booking, both = addresses()
    for address in both:
        for rest in ("/cancellation", "/calendar.ics"):
            assert "X-Keep-Until" not in person.get(address + rest).headers


@pytest.mark.parametrize("over", [True, False])
def test_a_ticket_that_lets_nobody_in_any_more_is_not_kept(app, desk, person, addresses, over):
    long_ago = {"start_at": now() - timedelta(days=4), "end_at": now() - timedelta(days=3)}
    booking, both = addresses(**(long_ago if over else {}))
    if not over:
        with app.app_context():
            bookings.cancel(desk, booking.id)
    for address in both:
        answer = person.get(address)
        assert answer.status_code == 200
        assert "X-Keep-Until" not in answer.headers


def person_of(page):
    return page.text.partition('data-person="')[2].partition('"')[0]


def test_pages_tell_whose_browser_it_is_without_telling_who(person, new_visitor, addresses):
    _booking, (own, secret) = addresses()
    seen = person_of(person.get("/"))
    assert len(seen) == 16
    assert {person.get(own).headers["X-Keep-For"], person.get(secret).headers["X-Keep-For"]} == {
        seen
    }
    assert person_of(person.get("/bookings")) == seen
    stranger = new_visitor()
    assert person_of(stranger.get("/")) == "nobody"
    assert stranger.get(secret).headers["X-Keep-For"] == "nobody"
    person.sign_in(person.user.email)
    assert person_of(person.get("/")) not in {seen, "nobody"}
    # An error is no news of who is here: it is also told while nobody can be asked.
    assert person_of(person.get("/nowhere")) == ""
