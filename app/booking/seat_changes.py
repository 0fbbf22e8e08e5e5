"""Changes of events or their seats in one transaction, other than by an order.

Every writer of seats locks the events' rows first, in id order, and then reads what it decides by.
A changed event's version grows by one, and after COMMIT the gate publishes the new counters.
`BookingDesk.changing` is the only entry point.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.booking import ledger, reservations, seats
from app.errors import EventNotFound
from app.models import Event
from app.models.columns import now

SEATS = {"seats_available", "version", "next_expiry_at"}
"""Columns that bookings change; any other column is a fact shown on pages."""


class SeatChanges:
    """The events that a transaction has locked; other writes go through `session`."""

    def __init__(self, session: Session, *, journal: bool = False) -> None:
        self.session = session
        self._keeps_journal = journal
        self.events: dict[int, Event] = {}
        self._before: dict[int, dict[str, Any]] = {}
        self._added: list[Event] = []

    def lock(self, event_ids: Iterable[int]) -> dict[int, Event]:
        """Lock these events' rows and return them, by id; deleted ones are left out.

        Reservations of theirs whose time is over are ended first. Call it once: a second call could
        lock rows out of order.
        """
        self.events = ledger.lock_events(self.session, event_ids)
        at = now()
        due = [id for id, event in self.events.items() if event.has_expiry_by(at)]
        if due:
            reservations.expire(self.session, due, at, journal=self._keeps_journal)
            self.events |= ledger.lock_events(self.session, due)
        self._before = {id: _facts(event) for id, event in self.events.items()}
        return self.events

    def end_reservations(self, event_id: int) -> None:
        """End all reservations of a locked event, whatever their time, before it is changed."""
        while reservations.expire(
            self.session, [event_id], datetime.max.replace(tzinfo=UTC), journal=self._keeps_journal
        ):
            pass
        self.events |= ledger.lock_events(self.session, [event_id])

    def event(self, event_id: int) -> Event:
        """Return a locked event. Raises `EventNotFound` if it is not among them."""
        if event_id not in self.events:
            raise EventNotFound(event_id)
        return self.events[event_id]

    def add(self, event: Event) -> None:
        """Add a new event with its seats on sale.

        Raises `InvalidField` when more seats are held back than there are.
        """
        seats.open_seats(event)
        self.session.add(event)
        self.session.flush()  # assigns the id, which the audit log needs
        self._added.append(event)

    def finish(self) -> None:
        """Increment the versions of the changed events; called before COMMIT."""
        for event in self.changed():
            event.version += 1

    def changed(self) -> list[Event]:
        """Return the events whose columns differ from when their rows were locked."""
        return [event for id, event in self.events.items() if _facts(event) != self._before[id]]

    @property
    def all_events(self) -> list[Event]:
        """The locked events and the added ones."""
        return [*self.events.values(), *self._added]

    @property
    def changes_facts(self) -> bool:
        """Whether anything but the seat counter of any event has changed."""
        return bool(self._added) or any(
            value != self._before[id][name]
            for id, event in self.events.items()
            for name, value in _facts(event).items()
            if name not in SEATS
        )


def _facts(event: Event) -> dict[str, Any]:
    return {column.key: getattr(event, column.key) for column in inspect(Event).column_attrs}
