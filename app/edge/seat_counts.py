"""Counts of seats as pages show them.

A page for many visitors has marks in place of counts, so that it is not rendered anew with each
booking: the counts are put into each answer. Near the end of a sale the words depend on the very
number; then there is no mark, and the page is another.
"""

from collections.abc import Hashable

from flask import g

from app.edge.page_marks import Kind, NumberedMark
from app.models import Event
from app.presenters.seat_status import SeatStatus, is_exact, seat_status, seat_words
from app.services.catalogue import CatalogueSnapshot


class SharedCounts:
    """The counts of the events of a page for many visitors, as they are now."""

    def __init__(self, snapshot: CatalogueSnapshot) -> None:
        self._counts = snapshot.counts
        self.etag: Hashable = (
            snapshot.serial,
            *(seat_words(event, left) for event, left in self._counts),
        )
        self._by_id: dict[int, tuple[Event, int]] = {}

    def text(self, mark: NumberedMark) -> str:
        """Return the count for which the mark stands."""
        event, left = self._known[mark.number]
        return _written(event, left, mark.kind)

    def has(self, event: Event) -> bool:
        """Whether marks may stand for the event's counts."""
        known = self._known.get(event.id)
        return known is not None and not is_exact(*known)

    @property
    def _known(self) -> dict[int, tuple[Event, int]]:
        if not self._by_id:
            self._by_id = {event.id: (event, left) for event, left in self._counts}
        return self._by_id


def shown_status(event: Event) -> SeatStatus:
    """Return the status of the event's seats, with their number or its mark."""
    return seat_status(event, left_text=_shown(event, Kind.LEFT))


def seats_left(event: Event) -> str:
    """Return the number of seats left in digits, or its mark."""
    return _shown(event, Kind.LEFT_PLAIN)


def seats_sold(event: Event) -> str:
    """Return the number of seats sold, or its mark."""
    return _shown(event, Kind.SOLD)


def seats_version(event: Event) -> str:
    """Return a version of the seat counter, with the number of seats left or its mark."""
    return f"{shown_status(event).tone}-{seats_left(event)}"


def _shown(event: Event, kind: Kind) -> str:
    shared: SharedCounts | None = g.get("shared_counts")
    if shared is not None and shared.has(event):
        return NumberedMark(event.id, kind).value
    return _written(event, event.seats_available, kind)


def _written(event: Event, left: int, kind: Kind) -> str:
    if kind is Kind.LEFT_PLAIN:
        return str(left)
    if kind is Kind.SOLD:
        left = event.capacity - event.seats_held - left
    return f"{left:,}"
