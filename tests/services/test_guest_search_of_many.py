"""A word that nearly all guests have is searched as quickly as a name, and finds the same."""

import pytest
from sqlalchemy import text

from app.db import db
from app.models.booking import BookingState
from app.services import booking_matches, booking_search
from app.services.booking_search import BookingQuery, count_for_page, search_bookings

GUESTS = 12

pytestmark = pytest.mark.long


@pytest.fixture
def few_are_many(monkeypatch):
    """Limits that a dozen guests reach."""
    monkeypatch.setattr(booking_matches, "MAX_LISTED", 5)
    monkeypatch.setattr(booking_search, "MAX_COUNTED", 5)


@pytest.fixture
def crowd(make_event, make_booking, make_user):
    sadya, night = make_event(name="Sadya", capacity=99), make_event(name="Night", capacity=99)
    return [
        make_booking(
            night if number % 3 else sadya,
            make_user(
                f"{number}@example.com",
                name=f"{('Lakshmi', 'Ravi')[number % 2]} {('Iyer', 'Rao')[number < 2]}",
            ),
            seats=2,
        )
        for number in range(GUESTS)
    ]


SEARCHES = (
    *("example", "example.com lakshmi", "lakshmi ravi", "lakshmi iyer", "ravi rao", "exampel"),
    *("lakshmi sadya", "example night", "example 7@", "sadya", "example nothing", "lakshni ravi"),
)


@pytest.mark.parametrize("q", SEARCHES)
def test_a_word_that_many_have_finds_what_it_would_if_few_had_it(request, app, crowd, q):
    query = BookingQuery(q=q)
    with app.app_context():
        before = [booking.id for booking in search_bookings(query).items]
        request.getfixturevalue("few_are_many")
        assert [booking.id for booking in search_bookings(query).items] == before
        query = BookingQuery(q=q, event_id=crowd[1].event_id)
        found = {booking.id for booking in search_bookings(query).items}
        assert found <= {booking.id for booking in crowd}


def test_what_is_more_than_a_page_counts_is_not_counted(app, crowd, few_are_many):
    with app.app_context():
        assert count_for_page(BookingQuery(q="example"))[""] is None
        assert count_for_page(BookingQuery(q="example 7@"))[""] == 1
        assert count_for_page(BookingQuery())[""] == GUESTS
        given_back = BookingQuery(q="example", state=BookingState.CANCELLED)
        assert search_bookings(given_back).items == []


def test_the_list_of_all_who_match_may_take_longer_than_one_statement_may(
    monkeypatch, crowd, make_booking, make_user, make_event
):
    """As it does for a word that most of a million bookings have."""
    slow = text("pg_sleep(0.05)::text IS NOT NULL")
    monkeypatch.setattr(booking_matches, "conditions", lambda _words, _event_id: [slow])
    monkeypatch.setattr(booking_search, "BATCH", 1)
    fair = make_event(capacity=99)
    more = [make_booking(fair, make_user(f"more-{n}@example.com")) for n in range(GUESTS)]
    db.session.execute(text("SET LOCAL statement_timeout = '900ms'"))
    found = {row.id for row in booking_search.iterate_bookings(BookingQuery(q="example"))}
    assert found == {booking.id for booking in crowd + more}
