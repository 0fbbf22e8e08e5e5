"""Events found as people type them: other names of cities, mistakes, days and prices."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db import db
from app.lib.folding import fold, folded_sql
from app.models.columns import now
from app.services.event_search import EventQuery
from app.services.events import count_events, list_cities, list_events, list_nearest
from app.services.search_terms import meanings_of, terms_of

ZONE = ZoneInfo("Asia/Kolkata")
WEDNESDAY = datetime(2031, 11, 26, 14, tzinfo=ZONE)


def names(q, **asked):
    found = [event.name for event in list_events(EventQuery(q=q, **asked)).items]
    assert count_events(EventQuery(q=q, **asked)) == len(found)
    return found


@pytest.fixture
def some(make_event):
    make_event(name="Jazz by the Bay", city="Mumbai", venue="Prithvi")
    make_event(name="Kolam Morning", city="Chennai", venue="Tank")
    make_event(name="Diwali Mela", city="Bengaluru", venue="Lalbagh")
    make_event(name="Café Noir", city="Pune", venue="O’Brien’s")
    make_event(name="జాజ్ నైట్", city="హైదరాబాద్", venue="")
    make_event(name="दिवाली मेला", city="New Delhi", venue="")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        *((q, "Diwali Mela") for q in ("bangalore", "BANGALORE", "banglore", "ಬೆಂಗಳೂರು", "बेंगलुरु")),
        *(
            (q, "Jazz by the Bay")
            for q in ("bombay", "jaz by teh bay", "bay jazz", "jazz in bombay")
        ),
        *((q, "Jazz by the Bay") for q in ("jazs mumbia", "mumbai, jazz!", "jazz near the bay")),
        *((q, "Kolam Morning") for q in ("madras", "kolam chenai", "kolm mornning")),
        *(
            (q, "Café Noir")
            for q in ("cafe", "CAFÉ", "cafe\u0301 noir", "poona", "obriens", "o'brien")
        ),
        *((q, "జాజ్ నైట్") for q in ("hyderabad", "జాజ్", "hydrabad")),
        *((q, "दिवाली मेला") for q in ("delhi", "dilli", "दिवाली", "new delhi मेला")),
    ],
)
def test_an_event_is_found_as_people_type_it(some, words, found):
    assert names(words) == [found]


@pytest.mark.parametrize("city", ["Bangalore", "bengaluru", "ಬೆಂಗಳೂರು"])
def test_a_city_is_one_filter_under_all_its_names(make_event, city):
    for name in ("Bangalore", "Bengaluru", "bengaluru", "Mysore"):
        make_event(name=f"In {name}", city=name)
    assert len(list_events(EventQuery(city=city)).items) == 3
    assert [(one.name, one.events) for one in list_cities()] == [
        ("Bengaluru", 2 + 1),
        ("Mysore", 1),
    ]


def test_words_as_they_are_typed_come_before_words_alike(make_event):
    make_event(name="Kathak")
    make_event(name="Kathakali")
    make_event(name="Kathal Feast")
    assert names("kathal") == ["Kathal Feast"]


@pytest.mark.parametrize(
    "text", ["Ōnam É ø Łódź", "O’Brien's `´ʻ", "ΣΊΣΥΦΟΣ", "İstanbul ℡ ﬁ", "తెలుగు हिन्दी"]
)
def test_the_database_folds_as_the_program_does(app, text):
    with app.app_context(), db.engine.connect() as connection:
        query = f"SELECT {folded_sql('%(text)s::text')}"
        assert connection.exec_driver_sql(query, {"text": text}).scalar() == fold(text)


@pytest.mark.parametrize(
    ("word", "first", "days"),
    [
        ("today", "2031-11-26", 1),
        ("Tonight", "2031-11-26", 1),
        ("tomorrow", "2031-11-27", 1),
        ("weekend", "2031-11-29", 2),
        ("this weekend", "2031-11-29", 2),
        ("next weekend", "2031-12-06", 2),
        ("this week", "2031-11-24", 7),
        ("next week", "2031-12-01", 7),
        ("november", "2031-11-01", 30),
        ("December", "2031-12-01", 31),
        ("dec", "2031-12-01", 31),
        ("january", "2032-01-01", 31),
        ("this month", "2031-11-01", 30),
        ("next month", "2031-12-01", 31),
        ("saturday", "2031-11-29", 1),
        ("wednesday", "2031-11-26", 1),
        ("రేపు", "2031-11-27", 1),
    ],
)
def test_a_word_may_mean_days(word, first, days):
    (meaning,) = meanings_of(f"jazz {word} mumbai", WEDNESDAY)
    begin = datetime.fromisoformat(first).replace(tzinfo=ZONE)
    assert (meaning.first, meaning.end) == (begin, begin + timedelta(days=days))


def test_in_december_next_month_is_in_the_next_year_and_among_past_events_a_month_is_gone():
    at = datetime(2031, 12, 31, 23, tzinfo=ZONE)
    (meaning,) = meanings_of("next month", at)
    assert (meaning.first.year, meaning.end.month) == (2032, 2)
    (meaning,) = meanings_of("december", WEDNESDAY, past=True)
    assert meaning.first.year == 2030


def test_a_word_of_a_day_or_a_price_filters_and_still_finds_titles(make_event):
    today = now().astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = today + timedelta(days=1)
    make_event(name="Then", start_at=tomorrow + timedelta(hours=19), price_minor=100)
    make_event(
        name="Begun",
        start_at=tomorrow - timedelta(hours=1),
        price_minor=100,
        end_at=tomorrow + timedelta(hours=20),
    )
    make_event(name="Later", start_at=tomorrow + timedelta(days=9), price_minor=0)
    make_event(name="Tomorrow Never Knows", start_at=tomorrow + timedelta(days=30), price_minor=100)
    make_event(name="Free Jazz", start_at=tomorrow + timedelta(days=40), price_minor=100)

    def found(q, **asked):
        return names(q, meanings=meanings_of(q, now().astimezone(ZONE)), **asked)

    assert found("tomorrow") == ["Begun", "Then", "Tomorrow Never Knows"]
    assert found("free") == ["Later", "Free Jazz"]
    assert found("free jazz") == ["Free Jazz"]
    assert found("then tomorrow") == ["Then"]


def test_what_belongs_together_is_one_term():
    assert [term.text for term in terms_of("Ho Chi Minh City this weekend, free")] == [
        "ho chi minh city",
        "this weekend",
        "free",
    ]


def test_a_search_that_finds_nothing_has_something_near(some):
    def nearest(q, **asked):
        return [e.name for e in list_nearest(EventQuery(q=q, limit=2, **asked))]

    assert nearest("jazz", city="Chennai") == ["Jazz by the Bay"], "without the other filters"
    assert nearest("kolatthon")[0] == "Kolam Morning"
    assert nearest("xyzzy") == ["Jazz by the Bay", "Kolam Morning"], "what comes next"


def test_signs_of_sql_and_of_searches_find_nothing_and_break_nothing(some):
    for q in ("' | 'xyz", "a\\", "!!:*", "&|!()", "%%%%", "____"):
        assert names(q) == [], q
