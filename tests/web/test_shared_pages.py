"""Pages are rendered once for everybody; each visitor finds their own pieces in them."""

import re

import pytest
from flask import Response

from app.db import db
from app.edge.page_marks import Mark
from app.edge.response_cache import MAX_BYTES, ResponseCache, no_texts
from app.presenters.urls import event_url
from tests.web.conftest import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


@pytest.fixture
def guest_of(new_visitor, make_user):
    """A visitor who is signed in under a name."""

    def sign_in(name):
        user = make_user(name=name, password=PASSWORD)
        visitor = new_visitor()
        visitor.sign_in(user.email)
        visitor.get("/")  # takes the message of welcome, if there is one
        visitor.user = user
        return visitor

    return sign_in


@pytest.fixture
def page_of(app, make_event):
    event = make_event(name="Kuchipudi by night")
    with app.test_request_context():
        event.address = event_url(event)
    return event


def test_each_finds_their_own_name_and_token_on_one_rendering(guest_of, page_of, renders):
    first, second = guest_of("Lakshmi"), guest_of("Aarav")
    renders.clear()
    pages = [visitor.get(page_of.address).text for visitor in (first, second)]
    assert renders.count("pages/event.html") == 1
    assert "Lakshmi" in pages[0]
    assert "Aarav" not in pages[0]
    assert "Aarav" in pages[1]
    assert "Lakshmi" not in pages[1]
    tokens = [TOKEN.search(page)[1] for page in pages]
    assert all(tokens)
    assert tokens[0] != tokens[1]


def test_no_mark_is_left_on_a_page(guest_of, visitor, page_of):
    salt = Mark.NAME.value.partition(".")[0]
    for one in (guest_of("Lakshmi"), visitor):
        for path in ("/", "/?q=nosuchword", page_of.address, "/sign-in", "/nowhere"):
            assert salt not in one.get(path).text


def test_the_token_of_such_a_page_books(guest_of, page_of, sql):
    visitor = guest_of("Lakshmi")
    page = visitor.get(page_of.address).text
    key = re.search(r'name="idempotency_key"[^>]* value="([^"]+)"', page)[1]
    form = {"csrf_token": TOKEN.search(page)[1], "idempotency_key": key, "seats": "2"}
    answer = visitor.post(f"/events/{page_of.id}/bookings", form, csrf=False)
    assert answer.status_code == 303
    assert sql("SELECT user_id, seats FROM bookings") == [(visitor.user.id, 2)]


def test_the_form_has_a_key_of_its_own_each_time(guest_of, page_of):
    visitor = guest_of("Lakshmi")
    pages = [visitor.get(page_of.address).text for _ in range(2)]
    keys = {re.search(r'name="idempotency_key"[^>]* value="([^"]+)"', page)[1] for page in pages}
    assert len(keys) == 2


def test_a_name_is_text_and_has_its_own_script(guest_of, page_of):
    page = guest_of("<b>Bold</b>").get(page_of.address).text
    assert "&lt;b&gt;Bold" in page
    assert "<b>Bold" not in page
    assert '<bdi lang="te">లక్ష్మి</bdi>' in guest_of("లక్ష్మి").get(page_of.address).text


def test_only_the_holder_is_told_of_their_seats_and_led_to_their_ticket(
    guest_of, page_of, make_booking, renders
):
    holder, other, third = guest_of("Lakshmi"), guest_of("Aarav"), guest_of("Meera")
    booking = make_booking(event=page_of, user=holder.user, seats=2)
    alike = make_booking(event=page_of, user=third.user, seats=2)
    renders.clear()
    page, others, thirds = (one.get(page_of.address).text for one in (holder, other, third))
    assert "You have 2 seats." in page
    assert f'href="/bookings/{booking.id}"' in page
    assert "You have" not in others
    assert f'href="/bookings/{alike.id}"' in thirds
    assert f"/bookings/{booking.id}" not in thirds
    assert renders.count("pages/event.html") == 2


def test_what_a_person_may_still_book_is_their_own(guest_of, make_event, make_booking, app):
    event = make_event(max_per_person=3)
    holder, other = guest_of("Lakshmi"), guest_of("Aarav")
    make_booking(event=event, user=holder.user, seats=2)
    with app.test_request_context():
        address = event_url(event)
    most = [re.search(r'max="(\d+)"', one.get(address).text)[1] for one in (holder, other)]
    assert most == ["1", "3"]


def test_a_message_is_shown_to_its_visitor_alone_and_once(guest_of, page_of):
    first, second = guest_of("Lakshmi"), guest_of("Aarav")
    first.post("/account/name", {"name-name": "Lakshmi Iyer"})
    told = 'class="notice done"'
    assert told in first.get("/").text
    assert told not in second.get("/").text
    assert told not in first.get("/").text


def test_who_signs_out_is_nobody_on_the_next_page(guest_of, page_of):
    visitor = guest_of("Lakshmi")
    assert "Lakshmi" in visitor.get(page_of.address).text
    visitor.post("/sign-out")
    page = visitor.get(page_of.address).text
    assert "Lakshmi" not in page
    assert "Sign in" in page


def test_pages_come_while_others_have_all_connections(app, guest_of, page_of, make_booking):
    """They wait for no search and no export; the control is a page that has to ask more."""
    visitor = guest_of("Lakshmi")
    booking = make_booking(event=page_of, user=visitor.user)
    visitor.get("/"), visitor.get(page_of.address)
    with app.app_context():
        engine = db.engine
    pool_timeout, engine.pool._timeout = engine.pool._timeout, 0.1
    taken = [engine.connect() for _ in range(engine.pool.size())]
    try:
        for path in ("/", page_of.address, "/bookings", f"/bookings/{booking.id}"):
            answer = visitor.get(path)
            assert (answer.status_code, "Lakshmi" in answer.text) == (200, True), path
        assert visitor.get("/account").status_code == 503
    finally:
        for connection in taken:
            connection.close()
        engine.pool._timeout = pool_timeout


def test_the_cache_keeps_no_more_bytes_than_it_may():
    cache, large = ResponseCache(), bytes(MAX_BYTES // 3)
    for number in range(8):
        cache.answer(number, 1, lambda: Response(large), no_texts)
        assert cache._size == sum(entry.size for entry in cache._entries.values()) <= MAX_BYTES
    cache.answer(0, 2, lambda: Response(large), no_texts)
    cache.answer(0, 3, lambda: Response(large), no_texts)
    assert cache._size == sum(entry.size for entry in cache._entries.values())
