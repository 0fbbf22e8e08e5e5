"""The catalogue: events as visitors see them, cached in memory.

Events are read from the database once a second at most. The seats left follow what the gate
publishes after each commit, and a change of an event invalidates the cache: every process sees
both at its next read. While Redis is down, the figures are up to a second old.
"""

import itertools
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import inspect

from app.booking.gate import SeatGate, parse_published_count, version_key
from app.booking.orders import PublishedCount
from app.booking.published_seats import Published, PublishedSeats
from app.db import db
from app.models import Event, TicketType
from app.services import events, ticket_types
from app.services.event_search import EventQuery
from app.services.events import City
from app.services.paging import Page

TTL = 1.0
"""Seconds for which a result of the database is served."""
MAX_ENTRIES = 1_000

_serials = itertools.count()


@dataclass(frozen=True, eq=False)
class Loaded:
    """The result of one database query."""

    page: Page[Event]
    count: int | None = None
    cities: Sequence[City] = ()


@dataclass(frozen=True, eq=False)
class Facts:
    """A cached result, and what decides whether it is still valid."""

    loaded: Loaded
    changes: bytes | None
    """The value of `CHANGES_KEY` before the query; None also while Redis is down."""
    at: float
    keys: tuple[str, ...]
    types: Mapping[int, Sequence[TicketType]]
    """Ticket types by event, of the events that have any."""
    serial: int = field(default_factory=lambda: next(_serials))

    def are_fresh(self, asked: float) -> bool:
        """Whether they are fresh enough for a request that came at `asked` (monotonic seconds)."""
        return self.at >= asked or time.monotonic() - self.at <= TTL

    def match(self, published: Published | None) -> bool:
        return published is None or published[0] == self.changes


@dataclass(frozen=True)
class CatalogueSnapshot:
    """Events at one moment; snapshots with an equal `etag` render the same."""

    etag: Hashable
    _facts: Facts
    _figures: Callable[[], list[PublishedCount | None]]

    @property
    def count(self) -> int | None:
        return self._facts.loaded.count

    @property
    def cities(self) -> Sequence[City]:
        return self._facts.loaded.cities

    @property
    def serial(self) -> int:
        """Another one whenever the events were read anew; only seats left change in between."""
        return self._facts.serial

    @property
    def counts(self) -> list[tuple[Event, int]]:
        """Each event as it was read, and its seats left now."""
        pairs = zip(self._facts.loaded.page.items, self._figures(), strict=True)
        return [(event, _seats_left(event, published)) for event, published in pairs]

    @property
    def events(self) -> list[Event]:
        pairs = zip(self._facts.loaded.page.items, self._figures(), strict=True)
        return [_with_seats(event, published_count) for event, published_count in pairs]

    @property
    def types(self) -> Mapping[int, Sequence[TicketType]]:
        """Ticket types by event, of the events that have any; up to a second old."""
        return self._facts.types

    @property
    def page(self) -> Page[Event]:
        return Page(self.events, self._facts.loaded.page.next_cursor)


class Catalogue:
    """A thread-safe cache of public events; one per process."""

    def __init__(self, gate: SeatGate) -> None:
        self._gate, self._published = gate, PublishedSeats(gate)
        self._cache: dict[Hashable, Facts] = {}
        self._locks = [threading.Lock() for _ in range(64)]

    def event(self, event_id: int) -> CatalogueSnapshot:
        """One published event; raises `EventNotFound`, `EventGone`."""
        return self._read(event_id, lambda: Loaded(Page([events.get_event(event_id)])))

    def listing(self, query: EventQuery, *, counted: bool = False) -> CatalogueSnapshot:
        """A page of events; with `counted`, also the number of matches and the cities.

        Raises `InvalidField` for a bad cursor.
        """

        def load() -> Loaded:
            page = events.list_events(query)
            if not counted:
                return Loaded(page)
            cities = events.list_cities(past=query.past_only)
            return Loaded(page, events.count_events(query), cities)

        return self._read((query, counted), load)

    def nearest(self, query: EventQuery) -> CatalogueSnapshot:
        """A few events for a search that found none."""
        return self._read((query, "nearest"), lambda: Loaded(Page(events.list_nearest(query))))

    def _read(self, key: Hashable, load: Callable[[], "Loaded"]) -> CatalogueSnapshot:
        asked = time.monotonic()
        while True:
            known = self._cache.get(key)
            if snapshot := self._from_memory(known, asked):
                return snapshot
            # Concurrent requests wait for this read instead of querying as well. They accept its
            # result even if the read took longer than a second, as it began after they asked.
            with self._locks[hash(key) % len(self._locks)]:
                if self._cache.get(key) is known:
                    facts = self._load(key, load)
                    break
            # They look at it without the lock: each asks Redis once more, and one after the other
            # they would stand in line for a second.
        return self._snapshot(facts, self._published.read(facts.keys))

    def _from_memory(self, facts: Facts | None, asked: float) -> CatalogueSnapshot | None:
        if facts is None or not facts.are_fresh(asked):
            return None
        published = self._published.read(facts.keys)
        return self._snapshot(facts, published) if facts.match(published) else None

    def _load(self, key: Hashable, load: Callable[[], "Loaded"]) -> Facts:
        known = self._cache.get(key)
        before = self._published.read(known.keys if known else ())
        at = time.monotonic()
        loaded = load()
        for event in loaded.page.items:
            db.session.expunge(event)
        keys = tuple(version_key(event.id) for event in loaded.page.items)
        types = ticket_types.types_of_events(loaded.page.items)
        ticket_types.show_prices(loaded.page.items, types)
        facts = Facts(loaded, before[0] if before else None, at, keys, types)
        if known and before:
            self._forget_outdated(facts, dict(zip(known.keys, before[1:], strict=True)))
        if len(self._cache) >= MAX_ENTRIES:
            self._cache = {}
        self._cache[key] = facts
        return facts

    def _forget_outdated(self, facts: Facts, before: dict[str, bytes | None]) -> None:
        """Drop published counts newer than the rows, which were read after them.

        That happens only after a restore: the counts are those of the database before it.
        """
        rows = zip(facts.loaded.page.items, facts.keys, strict=True)
        outdated = [
            row.id for row, key in rows if _newer(parse_published_count(before.get(key)), row)
        ]
        if outdated:
            self._gate.forget(outdated)

    def _snapshot(self, facts: Facts, published: Published | None) -> CatalogueSnapshot:
        if published is not None:
            return self._build(
                facts, published, lambda: [parse_published_count(text) for text in published[1:]]
            )
        snapshots = tuple(self._gate.snapshot(event.id) for event in facts.loaded.page.items)
        return self._build(
            facts, snapshots, lambda: [s.published_count if s else None for s in snapshots]
        )

    def _build(
        self, facts: Facts, etag: Hashable, figures: Callable[[], list[PublishedCount | None]]
    ) -> CatalogueSnapshot:
        return CatalogueSnapshot((facts.serial, etag), facts, figures)


def _newer(published_count: PublishedCount | None, event: Event) -> bool:
    return (
        published_count is not None
        and published_count.incarnation == event.incarnation
        and published_count.version > event.version
    )


def _with_seats(event: Event, published_count: PublishedCount | None) -> Event:
    """The event itself, or a copy with the published count if that is newer."""
    if published_count is None or not _newer(published_count, event):
        return event
    facts = {column.key: getattr(event, column.key) for column in inspect(Event).column_attrs}
    seats = _seats_left(event, published_count)
    return Event(**{**facts, "seats_available": seats, "version": published_count.version})


def _seats_left(event: Event, published_count: PublishedCount | None) -> int:
    if published_count is None or not _newer(published_count, event):
        return event.seats_available
    return min(published_count.seats, event.capacity)
