"""Counts of seats are put into pages that were rendered before the last bookings."""

import itertools
import re

import pytest

from app.presenters.urls import event_url
from app.services import bookings, catalogue

OWN = re.compile(r'(name="(?:idempotency_key|csrf_token)"[^>]* value=")[^"]*')


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    """Let nothing but bookings make a page another one while a test runs."""
    monkeypatch.setattr(catalogue, "TTL", 60.0)


@pytest.fixture
def book(app, make_user):
    def book(event, seats):
        with app.app_context():
            bookings.book(
                app.extensions["desk"], user_id=make_user().id, event_id=event.id, seats=seats
            )

    return book


@pytest.fixture
def address_of(app):
    def address_of(event):
        with app.test_request_context():
            return event_url(event)

    return address_of


def test_bookings_change_the_numbers_of_a_page_and_render_nothing(
    visitor, make_event, address_of, book, renders
):
    event = make_event(capacity=5_000)
    pages = ("/", address_of(event))
    for page in pages:
        visitor.get(page)
    renders.clear()
    for left in (4_999, 4_998, 4_997):
        book(event, 1)
        for page in pages:
            assert f"{left:,} seats" in visitor.get(page).text
    assert f"{5_000 - 4_997} of 5,000 booked" in visitor.get(pages[1]).text
    assert renders == []


@pytest.mark.parametrize(
    ("capacity", "most", "steps"),
    [
        (1_003, None, [2, 1, 1, 900, 50, 38, 1, 1, 1, 1, 4, 1, 1, 1]),
        (40, 5, [27, 2, 1, 4, 1, 1, 2, 1, 1]),
        (1_002, 1_000, [1, 1, 1, 2]),
    ],
)
def test_a_page_says_after_each_booking_what_a_new_rendering_would_say(
    app, visitor, make_event, address_of, book, capacity, most, steps
):
    event = make_event(capacity=capacity, max_per_person=most, name="Kuchipudi by night")
    make_event(name="Another evening", capacity=7)
    pages = ("/", address_of(event))
    told = set()
    for seats in (0, *steps):
        for size in _bookings(seats, most):
            book(event, size)
        filled = [OWN.sub(r"\1", visitor.get(page).text) for page in pages]
        app.extensions["response_cache"]._entries.clear()
        assert filled == [OWN.sub(r"\1", visitor.get(page).text) for page in pages]
        told.update(re.findall(r'id="seats-help"[^>]*>\s*([^<]*)', filled[-1]))
    assert len(told) > 1


def test_the_counter_of_such_a_page_knows_that_nothing_has_changed(
    visitor, make_event, address_of, book
):
    event = make_event(capacity=500)
    visitor.get(address_of(event))
    book(event, 2)
    counter = re.search(r'hx-get="([^"]+/seats\?v=[^"]+)"', visitor.get(address_of(event)).text)[1]
    assert visitor.get(counter).status_code == 204
    book(event, 1)
    assert "497 seats" in visitor.get(counter).text


def _bookings(seats, most):
    """Sizes of bookings that take so many seats together."""
    size = most or max(seats, 1)
    return itertools.chain([size] * (seats // size), [seats % size] * bool(seats % size))
