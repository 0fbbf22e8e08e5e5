"""Browsing events: what is listed, found, and in which order."""

from datetime import timedelta
from itertools import chain

import pytest

from app.errors import InvalidField
from app.models.columns import now
from app.services.event_search import EventQuery
from app.services.events import count_events, list_events
from app.services.paging import encode_cursor

DAY = timedelta(days=1)


def names(**asked):
    return [event.name for event in list_events(EventQuery(**asked)).items]


def through(**asked):
    """The names on every page, one after another."""
    after = None
    while True:
        page = list_events(EventQuery(**asked, after=after))
        yield [event.name for event in page.items]
        after = page.next_cursor
        if after is None:
            return


def test_events_come_the_soonest_first(make_event):
    for name, days in (("late", 9), ("soon", 1), ("later", 30)):
        make_event(name=name, start_at=now() + days * DAY)
    assert names() == ["soon", "late", "later"]


def test_past_events_come_by_themselves_the_latest_first(make_event):
    for name, days in (("old", -9), ("yesterday", -1), ("tomorrow", 1)):
        make_event(name=name, start_at=now() + days * DAY)
    assert names() == ["tomorrow"]
    assert names(past_only=True) == ["yesterday", "old"]
    assert names(upcoming_only=False) == ["old", "yesterday", "tomorrow"]


def test_drafts_and_deleted_events_are_not_listed_and_cancelled_ones_are(make_event):
    make_event(name="draft", status="draft")
    make_event(name="deleted", deleted_at=now())
    make_event(name="cancelled", status="cancelled")
    assert names() == ["cancelled"]
    assert sorted(names(drafts=True)) == ["cancelled", "draft"]


def test_a_search_needs_every_word_somewhere(make_event):
    make_event(name="Jazz by the Bay", city="Mumbai", venue="Prithvi", category="Music")
    make_event(name="Kolam Morning", city="Chennai", venue="Tank", category="Workshop")
    assert names(q="jazz mumbai") == ["Jazz by the Bay"]
    assert names(q="PRITHVI music") == ["Jazz by the Bay"]
    assert names(q="jazz chennai") == []


@pytest.mark.parametrize(
    "words", ["consert", "indi", "concrt indie", "INDIE", "little stage", "sitar", "banglore"]
)
def test_a_search_begins_words_reads_descriptions_and_forgives_mistakes(make_event, words):
    facts = {"venue": "The Little Stage", "city": "Bangalore", "description": "Sitar and drums."}
    make_event(name="Indie Concert", **facts)
    make_event(name="Kolam Morning", venue="Tank", city="Chennai", description="Rice flour.")
    assert names(q=words) == ["Indie Concert"]


def test_listings_are_narrowed_by_city_price_time_and_seats(make_event):
    make_event(name="free", city="Kochi", start_at=now() + DAY)
    make_event(name="paid", city="Delhi", price_minor=50_000, start_at=now() + 9 * DAY)
    make_event(name="sold out", capacity=5, seats_available=0, start_at=now() + 20 * DAY)
    make_event(name="not yet", sales_open_at=now() + DAY, start_at=now() + 21 * DAY)
    make_event(name="no more", sales_close_at=now() - DAY, start_at=now() + 22 * DAY)
    make_event(name="off", status="cancelled", start_at=now() + 23 * DAY)
    assert names(city="kochi") == ["free"]
    assert names(price="paid") == ["paid"]
    assert "paid" not in names(price="free")
    assert names(starts_before=now() + 2 * DAY) == ["free"]
    assert names(available_only=True) == ["free", "paid"]
    assert count_events(EventQuery(available_only=True)) == 2


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_cheapest_come_first_and_paging_shows_each_once(make_event, limit):
    for name, price in (("c", 300), ("a", 0), ("b", 200), ("b2", 200)):
        make_event(name=name, price_minor=price, start_at=now() + DAY)
    seen = list(chain(*through(limit=limit, sort="price")))
    assert seen == ["a", "b", "b2", "c"]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_prices_are_compared_in_the_main_units_of_their_currencies(make_event, limit):
    prices = {
        "0.500 KWD": (500, "KWD"),
        "9.99 USD": (999, "USD"),
        "₹500": (50_000, "INR"),
        "501 CLF": (5_010_000, "CLF"),
        "¥1,000": (1_000, "JPY"),
        "₩2,000,000,000": (2_000_000_000, "KRW"),
    }
    for name, (minor, currency) in prices.items():
        make_event(name=name, price_minor=minor, currency=currency, start_at=now() + DAY)
    assert list(chain(*through(limit=limit, sort="price"))) == list(prices)


def test_a_cursor_of_another_order_is_refused(make_event):
    for _ in range(2):
        make_event()
    cursor = list_events(EventQuery(limit=1)).next_cursor
    with pytest.raises(InvalidField):
        list_events(EventQuery(limit=1, sort="price", after=cursor))


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'"])
def test_a_search_takes_signs_of_sql_as_they_stand(make_event, sign):
    make_event(name="Plain")
    make_event(name=f"With {sign} in it")
    assert names(q=sign) == [f"With {sign} in it"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("past", [False, True])
def test_paging_shows_every_event_exactly_once(make_event, limit, past):
    sign, same = (-1 if past else 1), now() + (-DAY if past else DAY)
    starts = [same, same, same, same + sign * DAY, same + sign * 2 * DAY, same + sign * 3 * DAY]
    made = [make_event(start_at=start).name for start in starts]
    seen = list(through(limit=limit, past_only=past))
    assert sorted(chain(*seen)) == sorted(made)
    assert all(len(page) == limit for page in seen[:-1])


def test_the_count_is_that_of_the_whole_listing(make_event):
    for _ in range(3):
        make_event(city="Kochi")
    make_event(city="Delhi")
    assert count_events(EventQuery(q="kochi", limit=1)) == 3


@pytest.mark.parametrize(
    "cursor",
    [
        "rubbish",
        "!!",
        "ä",
        encode_cursor("x", 1),
        encode_cursor("2030-01-01T00:00:00+00:00", "x"),
        encode_cursor("2030-01-01T00:00:00+00:00"),
        encode_cursor("2030-01-01T00:00:00+00:00", 1, 2),
        encode_cursor("2030-01-01T00:00:00+00:00", 10**30),
        encode_cursor(7),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(make_event, cursor):
    make_event()
    with pytest.raises(InvalidField) as refusal:
        list_events(EventQuery(after=cursor))
    assert refusal.value.field == "after"
