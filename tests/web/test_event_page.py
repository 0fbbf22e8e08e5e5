"""What an event's page says before anything is booked: bounds, state and price."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.models.columns import now

DAY = timedelta(days=1)


def page_of(visitor, event):
    return visitor.get(f"/events/{event.id}/{event.slug}").text


def words(page, pattern):
    return " ".join(re.sub(r"<[^>]+>", "", re.search(pattern, page, re.DOTALL)[1]).split())


@pytest.mark.parametrize(
    ("facts", "held", "said"),
    [
        ({"capacity": 5000}, 0, "Up to 1,000 at a time."),
        ({"capacity": 28}, 0, "Up to 28: that is all that are left."),
        ({"capacity": 1}, 0, "This is the last seat."),
        ({"capacity": 28, "max_per_person": 4}, 0, "Up to 4 per person."),
        ({"capacity": 28, "max_per_person": 4}, 3, "Up to 1 more for you; you have 3."),
        ({"capacity": 5, "max_per_person": 4}, 3, "Up to 1 more for you; you have 3."),
        ({"capacity": 3, "max_per_person": 4}, 0, "Up to 3: that is all that are left."),
        ({"capacity": 6000, "max_per_person": 2000}, 0, "Up to 1,000 at a time."),
    ],
)
def test_the_form_tells_how_many_seats_can_be_had(
    signed_in, alice, make_event, make_booking, facts, held, said
):
    event = make_event(**facts)
    if held:
        make_booking(event, user=alice, seats=held)
    page = page_of(signed_in, event)
    assert words(page, r'<p id="seats-help"[^>]*>(.*?)</p>') == said
    most = re.search(r'data-most="(\d+)"', page)[1]
    assert f'max="{most}"' in page


def test_the_words_of_the_button_hold_for_any_number(signed_in, make_event):
    event = make_event(price_minor=50000)
    assert (
        words(page_of(signed_in, event), r"<button[^>]* data-book=[^>]*>(.*?)</button>") == "Book"
    )


@pytest.mark.parametrize(
    ("facts", "said", "title"),
    [
        ({"capacity": 300}, "₹500 · 300 seats", "Book seats"),
        ({"capacity": 300, "seats_available": 2}, "₹500 · Last 2 seats", "Book seats"),
        ({"capacity": 300, "seats_available": 0}, "₹500 · Sold out", "Seats"),
        ({"sales_paused": True}, "₹500 · Sales paused", "Seats"),
        ({"sales_close_at": now() - DAY}, "₹500 · Sales closed", "Seats"),
        ({"status": "cancelled"}, "Cancelled", "Seats"),
        ({"start_at": now() - 9 * DAY}, "Past event", "Seats"),
        (
            {
                "start_at": datetime(2031, 5, 4, 13, 30, tzinfo=UTC),
                "sales_open_at": datetime(2031, 1, 3, 4, 30, tzinfo=UTC),
            },
            "₹500 · Opens Fri 3 Jan, 10:00 IST",
            "Seats",
        ),
    ],
)
def test_state_and_price_stand_below_the_title_and_in_the_bar(
    visitor, make_event, facts, said, title
):
    page = page_of(visitor, make_event(price_minor=50000, **facts))
    assert words(page, r"</h1>\s*<p id=\"event-line\"[^>]*>(.*?)</p>") == said
    assert words(page, r'<span class="bar-words">(.*?)</p>').removesuffix(" Book") == said
    assert ('href="#book"' in page) == (title == "Book seats")
    assert words(page, r'<h2 id="book-title"[^>]*>(.*?)</h2>') == title


def test_line_bar_and_title_follow_the_sale(visitor, make_event):
    event = make_event(capacity=300, seats_available=0, price_minor=50000)
    answer = visitor.get(f"/events/{event.id}/seats?v=ok-5").text
    for name in ("event-line", "book-bar", "book-title"):
        assert re.search(rf'id="{name}"[^>]* hx-swap-oob="true"', answer)
    assert answer.count("Sold out") >= 3


@pytest.mark.parametrize(
    "facts", [{"status": "cancelled"}, {"start_at": now() - 9 * DAY}], ids=["cancelled", "over"]
)
def test_what_does_not_take_place_any_more_is_for_no_calendar(
    signed_in, alice, make_event, make_booking, facts
):
    event = make_event(**facts)
    booking = make_booking(event, user=alice)
    for path in (f"/events/{event.id}/{event.slug}", f"/bookings/{booking.id}"):
        assert "calendar.ics" not in signed_in.get(path).text
