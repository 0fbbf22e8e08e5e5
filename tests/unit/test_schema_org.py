"""What an event says of itself: its slug, and whether it sells now."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models import Event
from app.models.event import SaleState, sale_state

START = datetime(2030, 6, 1, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
DOOR_SALE = {"sales_open_at": START, "sales_close_at": START + HOUR}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Indie Concert", "indie-concert"),
        ("Ōnam  Sadya!", "onam-sadya"),
        ("--Jazz & Bay--", "jazz-bay"),
        ("ஓணம் விழா", "ஓணம்-விழா"),
        ("జాజ్ నైట్ 2026", "జాజ్-నైట్-2026"),
        ("क्‍षमा", "क्षमा"),
        ("Cafe\u0301 STRAßE", "cafe-strasse"),
        ("🎉", "event"),
        ("!!!", "event"),
        ("../../etc", "etc"),
        ("<script>", "script"),
        ("2026", "2026"),
    ],
)
def test_a_slug_is_the_name_as_a_part_of_an_address(name, slug):
    assert Event(name=name).slug == slug


def test_a_slug_ends_within_eighty_letters_and_with_one():
    slug = Event(name="a" * 79 + " b" * 60).slug
    assert len(slug) <= 80
    assert not slug.endswith("-")


@pytest.mark.parametrize("name", ["సంగీత " * 30, "సంగీత" * 40])
def test_a_slug_of_letters_that_travel_as_nine_is_shorter(name):
    assert 10 <= len(Event(name=name).slug) <= 30


def event(**facts):
    return Event(**{"status": "published", "start_at": START, **facts})


@pytest.mark.parametrize(
    ("state", "facts", "left", "at"),
    [
        (SaleState.OPEN, {}, 1, START - HOUR),
        (SaleState.SOLD_OUT, {}, 0, START - HOUR),
        (SaleState.CLOSED, {}, 1, START),
        (SaleState.CLOSED, {}, 0, START + 3 * HOUR - SECOND),
        (SaleState.ENDED, {}, 1, START + 3 * HOUR),
        (SaleState.CLOSED, {"end_at": START + 50 * HOUR}, 1, START + 50 * HOUR - SECOND),
        (SaleState.ENDED, {"end_at": START + 50 * HOUR}, 1, START + 50 * HOUR),
        (SaleState.ENDED, {"end_at": START + HOUR}, 1, START + HOUR),
        (SaleState.OPEN, {"sales_close_at": START + 2 * HOUR}, 1, START + HOUR),
        (SaleState.CLOSED, {"sales_close_at": START + 2 * HOUR}, 1, START + 2 * HOUR),
        # An end moved forward takes the sales with it.
        (SaleState.ENDED, {"sales_close_at": START + 9 * HOUR}, 1, START + 3 * HOUR),
        (SaleState.NOT_OPEN, DOOR_SALE, 1, START - HOUR),
        (SaleState.OPEN, DOOR_SALE, 1, START),
        (SaleState.NOT_OPEN, {"sales_open_at": START - HOUR}, 1, START - 2 * HOUR),
        (SaleState.OPEN, {"sales_open_at": START - HOUR}, 1, START - HOUR),
        (SaleState.OPEN, {"sales_close_at": START - HOUR}, 1, START - 2 * HOUR),
        (SaleState.CLOSED, {"sales_close_at": START - HOUR}, 1, START - HOUR),
        (SaleState.CLOSED, {"sales_close_at": START - HOUR}, 0, START - HOUR),
        (SaleState.PAUSED, {"sales_paused": True}, 1, START - HOUR),
        (SaleState.PAUSED, {"sales_paused": True}, 0, START - HOUR),
        (SaleState.CLOSED, {"sales_paused": True}, 1, START),
        (SaleState.CANCELLED, {"status": "cancelled"}, 1, START - HOUR),
        (SaleState.DRAFT, {"status": "draft"}, 1, START - HOUR),
    ],
)
def test_an_event_sells_between_two_moments_while_it_has_seats(state, facts, left, at):
    assert sale_state(event(**facts), left, at) == state


def test_a_booking_may_be_cancelled_until_the_start_unless_said_otherwise():
    assert event().cancellable_until == START
    assert event(cancel_until=START - HOUR).cancellable_until == START - HOUR


def test_the_place_is_what_is_known_of_it():
    assert event(venue="Nishagandhi", city="Kochi").place == "Nishagandhi, Kochi"
    assert event(venue="", city="Kochi").place == "Kochi"
    assert event(venue="", city="").place == ""
