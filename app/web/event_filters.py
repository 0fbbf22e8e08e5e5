"""The filters of the event list, read from the URL and written back to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.edge.current import settings
from app.edge.search_meanings import meanings_here
from app.lib.datetimes import day_begins, weekend
from app.models.columns import now
from app.services.event_search import EventQuery, Sort
from app.services.search_terms import Meaning, terms_of

DAYS = {"week": 7, "month": 30}
WHENS = {"today", "weekend", *DAYS, "past"}


@dataclass(frozen=True)
class EventFilters:
    """The chosen filters; each is empty if not chosen or unknown."""

    q: str = ""
    when: str = ""
    city: str = ""
    price: str = ""
    available: str = ""
    sort: str = ""

    @classmethod
    def of(cls, args: MultiDict[str, str]) -> "EventFilters":
        def one_of(name: str, known: set[str]) -> str:
            value = args.get(name, "")
            return value if value in known else ""

        return cls(
            q=" ".join(args.get("q", "").split())[:100],
            when=one_of("when", WHENS),
            city=args.get("city", "").strip()[:100],
            price=one_of("price", {"free", "paid"}),
            available=one_of("available", {"1"}),
            sort=one_of("sort", {"price"}),
        )

    @property
    def past(self) -> bool:
        return self.when == "past"

    @property
    def chosen(self) -> dict[str, Any]:
        """Arguments for `url_for`: the chosen filters only."""
        return {name: value for name, value in vars(self).items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether events are filtered out, other than by the choice of upcoming or past."""
        return bool({*self.chosen} - {"sort"} - ({"when"} if self.past else set()))

    def query(self, *, limit: int, after: str | None = None) -> EventQuery:
        after_day, before_day = self._days()
        return EventQuery(
            q=self.q,
            meanings=self.meanings,
            past_only=self.past,
            starts_before=before_day,
            takes_place_after=after_day,
            city=self.city,
            price=cast("Literal['', 'free', 'paid']", self.price),
            available_only=bool(self.available) and not self.past,
            sort=cast("Sort", self.sort or "soonest"),
            limit=limit,
            after=after,
        )

    def _days(self) -> tuple[datetime | None, datetime | None]:
        """When the days chosen begin, and when those after them do; the site's zone decides."""
        zone = settings().zone
        if self.when == "today":
            # What began before and is not over takes place today, too.
            return None, day_begins(now(), zone, 1)
        if self.when == "weekend":
            return weekend(now(), zone)
        return None, _in_days(DAYS[self.when]) if self.when in DAYS else None

    def without(self, name: str) -> dict[str, Any]:
        """Arguments for `url_for` that leave one choice out."""
        return {other: value for other, value in self.chosen.items() if other != name}

    @property
    def words(self) -> list[tuple[str, str]]:
        """What is chosen, as people read it: each choice's name and words."""
        said = {
            "q": f"“{self.q}”",
            "when": dict(self.whens).get(self.when, ""),
            "city": self.city,
            "price": dict(self.prices).get(self.price, ""),
            "available": _("Seats left"),
            "sort": _("By price"),
        }
        return [(name, said[name]) for name in self.chosen]

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        return meanings_here(self.q, past=self.past)

    @property
    def read_as(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Terms that were read as filters: their words, the days they mean, and the choices
        without them."""
        found = {meaning.text: meaning for meaning in self.meanings}
        terms = terms_of(self.q)
        return [
            (
                term.typed,
                _days_of(found[term.text]),
                {**self.chosen, "q": " ".join(t.typed for t in terms if t is not term) or None},
            )
            for term in terms
            if term.text in found
        ]

    @property
    def whens(self) -> list[tuple[str, str]]:
        return [
            ("", _("Upcoming")),
            ("today", _("Today")),
            ("weekend", _("This weekend")),
            ("week", _("In 7 days")),
            ("month", _("In 30 days")),
            ("past", _("Past")),
        ]

    @property
    def prices(self) -> list[tuple[str, str]]:
        return [("", _("Any price")), ("free", _("Free")), ("paid", _("Paid"))]


def _days_of(meaning: Meaning) -> str:
    """The days that a term means: "26 Nov", "28 Nov – 29 Nov"."""
    if meaning.first is None or meaning.end is None:
        return ""
    last = meaning.end - timedelta(days=1)
    ends = dict.fromkeys(format_date(day.date(), "d MMM") for day in (meaning.first, last))
    return " – ".join(ends)


def _in_days(days: int) -> datetime:
    """Rounded up to the full hour, so that requests within the hour share a cached response."""
    later = now() + timedelta(days=days, hours=1)
    return later.replace(minute=0, second=0, microsecond=0)
