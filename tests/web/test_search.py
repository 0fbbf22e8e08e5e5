"""Searching as visitors and organisers do: words that choose, what is near, a scanned ticket."""

from datetime import timedelta
from html import unescape

import pytest

from app.models.columns import now
from tests.web.conftest import HTMX


def test_words_that_choose_are_shown_and_can_be_taken_away(visitor, make_event):
    make_event(name="Free Jazz", price_minor=100)
    make_event(name="Jazz Night", price_minor=0)
    make_event(name="Jazz Gala", price_minor=100)
    page = unescape(visitor.get("/?q=jazz free&city=Bengaluru", headers=HTMX).text)
    assert "Free Jazz" in page
    assert "Jazz Night" in page
    assert "Jazz Gala" not in page
    assert 'href="/?q=jazz&city=Bengaluru">free' in page
    assert "read-as" not in visitor.get("/?q=jazz").text


def test_a_word_of_days_says_which(visitor, make_event):
    make_event(name="Later", start_at=now() + timedelta(days=30))
    make_event(name="At once", start_at=now() - timedelta(minutes=1))
    page = unescape(visitor.get("/?q=today").text)
    assert "At once" in page
    assert "Later" not in page
    assert '<a href="/">today: ' in page


def test_organisers_choose_by_the_same_words(organiser, make_event):
    make_event(name="Jazz Gala", price_minor=100)
    make_event(name="Tech Talk", price_minor=0)
    page = organiser.get("/admin/events?q=free").text
    assert "Tech Talk" in page
    assert "Jazz Gala" not in page


def test_a_search_without_a_match_shows_the_nearest(visitor, make_event):
    make_event(name="Jazz by the Bay", city="Mumbai")
    make_event(name="Kolam", city="Chennai")
    page = visitor.get("/?q=jazz&city=Chennai").text
    assert "Nothing for “jazz”." in page
    assert "Nearest:" in page
    assert "Jazz by the Bay" in page
    assert "Show all events" in page
    assert "Nothing for what you chose." in visitor.get("/?city=Pune").text


def test_a_search_is_told_in_the_direction_of_its_letters(visitor, make_event):
    make_event()
    assert 'Nothing for “<bdi lang="und-Arab">موسيقى</bdi>”.' in visitor.get("/?q=موسيقى").text


@pytest.mark.parametrize(
    ("seat", "status", "said"),
    [
        (2, "CONFIRMED", "Seat 2 of 3, Meena."),
        (4, "CONFIRMED", "Meena has no seat 4: the booking is for 3."),
        (2, "CANCELLED", "Seat 2 of 3, Meena: Cancelled."),
    ],
)
def test_a_scanned_ticket_says_whose_seat_it_is(
    organiser, make_event, make_booking, make_user, seat, status, said
):
    booking = make_booking(make_event(), make_user(name="Meena"), seats=3)
    if status == "CANCELLED":
        organiser.post(f"/admin/bookings/{booking.id}/cancellation", {})
    page = organiser.get(f"/admin/bookings?q={booking.reference}-{seat}").text
    assert said in page
    assert booking.spoken_reference in page
    assert "notice" not in organiser.get(f"/admin/bookings?q={booking.reference}").text
