"""One transaction that changes events or their seats, other than by an order.

Every writer of seats locks the events' rows first, in id order, and reads what it decides by
afterwards; a changed event's version grows by one, and after the commit the gate is told what the
rows say. `BookingDesk.changing` is the one door to that.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.booking import ledger, seats
from app.errors import EventNotFound
from app.models import Event

SEATS = {"seats_available", "version"}
"""What an event's bookings change of it; anything else is a fact that pages are made of."""


class SeatChanges:
    """The events that the transaction holds; what else it writes goes through `session`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: dict[int, Event] = {}
        self._before: dict[int, dict[str, Any]] = {}
        self._added: list[Event] = []

    def lock(self, event_ids: Iterable[int]) -> dict[int, Event]:
        """Lock these events' rows and return them, by id; deleted ones are left out.

        To be called once: rows of a second call could be locked out of order.
        """
        self.events = ledger.lock_events(self.session, event_ids)
        self._before = {id: _facts(event) for id, event in self.events.items()}
        return self.events

    def event(self, event_id: int) -> Event:
        """One of the locked events; raises `EventNotFound`."""
        if event_id not in self.events:
            raise EventNotFound(event_id)
        return self.events[event_id]

    def add(self, event: Event) -> None:
        """Make a new event, with its seats on sale. Raises `InvalidField`."""
        seats.open_seats(event)
        self.session.add(event)
        self.session.flush()  # its id is wanted next: by the audit log, say
        self._added.append(event)

    def finish(self) -> None:
        """Let the versions of what has changed grow; to be called before the commit."""
        for event in self.changed():
            event.version += 1

    def changed(self) -> list[Event]:
        """The events whose facts or seats are other than when their rows were locked."""
        return [event for id, event in self.events.items() if _facts(event) != self._before[id]]

    @property
    def all_events(self) -> list[Event]:
        return [*self.events.values(), *self._added]

    @property
    def changes_facts(self) -> bool:
        """Whether more has changed of any event than how many of its seats are sold."""
        return bool(self._added) or any(
            value != self._before[id][name]
            for id, event in self.events.items()
            for name, value in _facts(event).items()
            if name not in SEATS
        )


def _facts(event: Event) -> dict[str, Any]:
    return {column.key: getattr(event, column.key) for column in inspect(Event).column_attrs}
