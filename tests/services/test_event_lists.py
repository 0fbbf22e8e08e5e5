"""Browsing events: what is listed, found, and in which order."""

from datetime import timedelta
from itertools import chain

import pytest

from app.errors import InvalidField
from app.models.columns import now
from app.services.events import EventQuery, count_events, list_events
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
