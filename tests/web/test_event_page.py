"""What an event's page says before anything is booked: bounds, state and price."""

import re

import pytest


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
