"""What people type into the search of events, term by term: a city, a day, a price, or a word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from app.lib.city_names import MOST_WORDS, names_of
from app.lib.folding import fold

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OTHER_WORDS = {
    **{month[:3]: month for month in MONTHS},
    **{"sept": "september", "gratis": "free", "tonight": "today", "tmrw": "tomorrow"},
    **{"this weekend": "weekend", "मुफ़्त": "free", "मुफ्त": "free", "निःशुल्क": "free"},
    **{"ఉచితం": "free", "ఉచిత": "free", "இலவசம்": "free", "ఈరోజు": "today", "ఈ రోజు": "today"},
    **{"आज": "today", "இன்று": "today", "రేపు": "tomorrow", "நாளை": "tomorrow"},
}
KNOWN = {"free", "today", "tomorrow", "weekend", "next weekend", "this week", "next week"}
KNOWN |= {"this month", "next month", *MONTHS, *WEEKDAYS}
_WORDS = {fold(word): kind for word, kind in OTHER_WORDS.items()} | {word: word for word in KNOWN}
MAX_TERMS = 12
"""More words than this are no search that a person typed."""


@dataclass(frozen=True)
class Term:
    """One or several words that mean one thing."""

    text: str
    """Folded."""
    typed: str
    kind: str = ""
    """What else it may mean, one of `KNOWN`."""
    cities: tuple[str, ...] = ()
    """Other names, folded, of the city that it names."""


@dataclass(frozen=True)
class Meaning:
    """What a term means beside its letters: days from `first` until before `end`, or no price."""

    text: str
    kind: str
    first: datetime | None = None
    end: datetime | None = None

    @property
    def price(self) -> Literal["", "free"]:
        return "free" if self.kind == "free" else ""


@lru_cache(maxsize=1_000)
def terms_of(q: str) -> tuple[Term, ...]:
    """The terms of a search, the longest first where words belong together."""
    return tuple(_terms(q.split()[:MAX_TERMS]))


def _terms(words: Sequence[str]) -> Iterator[Term]:
    while words:
        for length in range(min(MOST_WORDS, len(words)), 0, -1):
            typed = " ".join(words[:length])
            text = fold(typed).strip('.,;:!?"“”„«»()') if len(typed) > 1 else fold(typed)
            cities = tuple(fold(name) for name in names_of(text))
            if kind := _WORDS.get(text, ""):
                yield Term(text, typed, kind)
            elif cities or length == 1:
                yield Term(text or fold(typed) or typed, typed, cities=cities)
            else:
                continue
            words = words[length:]
            break


def meanings_of(q: str, at: datetime, *, past: bool = False) -> tuple[Meaning, ...]:
    """What the terms mean at a moment, given by the clock of the site."""
    return tuple(_meaning(term, at, past) for term in terms_of(q) if term.kind)


def _meaning(term: Term, at: datetime, past: bool) -> Meaning:
    if term.kind == "free":
        return Meaning(term.text, term.kind)
    first, days_end = _days(term.kind, at.date(), past)
    return Meaning(term.text, term.kind, *(_midnight(day, at) for day in (first, days_end)))


def _midnight(day: date, at: datetime) -> datetime:
    return datetime.combine(day, time(), at.tzinfo)


def _days(kind: str, today: date, past: bool) -> tuple[date, date]:
    monday = today - timedelta(today.weekday())
    if kind in MONTHS:
        month = MONTHS.index(kind) + 1
        year = today.year - (past and month > today.month) + (not past and month < today.month)
        return _month(year, month)
    if kind in WEEKDAYS:
        ahead = (WEEKDAYS.index(kind) - today.weekday()) % 7
        return _span(today + timedelta(ahead - 7 * (past and ahead > 0)), 1)
    if kind in {"this month", "next month"}:
        return _month(today.year, today.month + (kind == "next month"))
    begins = {
        "today": (today, 1),
        "tomorrow": (today + timedelta(1), 1),
        "weekend": (monday + timedelta(5), 2),
        "next weekend": (monday + timedelta(12), 2),
        "this week": (monday, 7),
        "next week": (monday + timedelta(7), 7),
    }
    return _span(*begins[kind])


def _span(first: date, days: int) -> tuple[date, date]:
    return first, first + timedelta(days)


def _month(year: int, month: int) -> tuple[date, date]:
    """Its first day, and that of the next; the thirteenth is January's."""
    after = month + 1
    return (
        date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1),
        date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1),
    )
