"""Events: browsing them, and the organiser's changes to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.booking.desk import BookingDesk, lock_event, started_now
from app.db import db, transaction
from app.errors import (
    CapacityBelowSold,
    EventGone,
    EventHasBookings,
    EventNotFound,
    VersionConflict,
)
from app.models import Booking, BookingStatus, Event, EventStatus
from app.models.columns import now
from app.services import audit
from app.services.event_rules import check_event
from app.services.event_search import EventQuery, cursor_of, in_order, matching
from app.services.paging import Page, cut

MOST_CITIES = 200


class City(NamedTuple):
    name: str
    events: int


def list_events(query: EventQuery) -> Page[Event]:
    """Events as the query sorts them; past ones by themselves, the latest first.

    Raises `InvalidField` for a cursor of another listing.
    """
    wanted = in_order(matching(select(Event), query), query)
    rows = db.session.scalars(wanted.limit(query.limit + 1)).all()
    items, more = cut(rows, query.limit)
    return Page(items, cursor_of(items[-1], query) if more else None)


def count_events(query: EventQuery) -> int:
    count: int = db.session.scalars(matching(select(func.count(Event.id)), query)).one()
    return count


def list_cities(*, past: bool = False) -> Sequence[City]:
    """Where the events are that a visitor finds, by name."""
    name = func.min(Event.city)
    wanted = select(name, func.count(Event.id)).where(Event.city != "")
    wanted = matching(wanted, EventQuery(past_only=past)).group_by(func.lower(Event.city))
    return [City(*row) for row in db.session.execute(wanted.order_by(name).limit(MOST_CITIES))]


def get_event(event_id: int, *, drafts: bool = False) -> Event:
    """Raises `EventNotFound`, for a draft as well unless `drafts` is set; `EventGone`."""
    event = db.session.get(Event, event_id)
    if event is not None and event.deleted_at and event.status != EventStatus.DRAFT:
        raise EventGone(event_id)
    if event is None or event.deleted_at or (event.status == EventStatus.DRAFT and not drafts):
        raise EventNotFound(event_id)
    return event


def count_confirmed(event_id: int) -> int:
    """How many confirmed bookings the event has."""
    query = select(func.count(Booking.id)).where(
        Booking.event_id == event_id, Booking.status == BookingStatus.CONFIRMED
    )
    return db.session.scalars(query).one()


def create_event(facts: Mapping[str, Any], desk: BookingDesk) -> Event:
    """Raises `InvalidField`."""
    started = started_now()
    event = Event(**facts, seats_available=facts["capacity"])
    check_event(event)
    with transaction() as session:
        session.add(event)
        session.flush()
        audit.record("event.created", event, after=facts)
    desk.publish([event], started, changed=True)
    return event


def pause_sales(event_id: int, paused: bool, desk: BookingDesk) -> Event:
    """Stop selling, or go on: the next transaction of every desk obeys. Raises `EventNotFound`."""
    return update_event(event_id, {"sales_paused": paused}, desk)


COPIED = (
    *("venue", "address", "city", "category", "description", "time_zone", "start_at", "end_at"),
    *("capacity", "price_minor", "currency", "max_per_person", "image_digest"),
)


def duplicate_event(event_id: int, name: str, desk: BookingDesk) -> Event:
    """A draft like the event, under another name; its sale begins anew. Raises `EventNotFound`."""
    event = get_event(event_id, drafts=True)
    facts = {fact: getattr(event, fact) for fact in COPIED}
    return create_event({**facts, "name": name[:200], "status": EventStatus.DRAFT.value}, desk)


def update_event(
    event_id: int, changes: Mapping[str, Any], desk: BookingDesk, *, seen: datetime | None = None
) -> Event:
    """Change the named facts. `seen` is the `updated_at` of the event that the editor started from.

    Raises `EventNotFound`, `CapacityBelowSold`, `InvalidField`, `VersionConflict`.
    """
    started = started_now()
    with transaction() as session:
        event = _locked(session, event_id)
        if seen is not None and seen != event.updated_at:
            raise VersionConflict(event_id)
        facts = dict(changes)
        before, after = audit.changes(event, facts)
        if "capacity" in facts:
            _change_capacity(event, facts.pop("capacity"))
        for name, value in facts.items():
            setattr(event, name, value)
        check_event(event)
        event.version += 1
        event.updated_at = now()
        if after:
            audit.record("event.updated", event, before=before, after=after)
    desk.publish([event], started, changed=True)
    return event


def delete_event(event_id: int, desk: BookingDesk, *, force: bool = False) -> int:
    """Take the event away, and cancel its confirmed bookings if `force` is set; their record stays.

    Returns how many bookings were cancelled. Raises `EventNotFound`, `EventHasBookings`.
    """
    started = started_now()
    with transaction() as session:
        event = _locked(session, event_id)
        count = count_confirmed(event_id)
        if count and not force:
            raise EventHasBookings(event_id, count)
        at = now()
        session.execute(
            update(Booking)
            .where(Booking.event_id == event_id, Booking.status == BookingStatus.CONFIRMED)
            .values(status=BookingStatus.CANCELLED.value, cancelled_at=at)
            .execution_options(synchronize_session=False)
        )
        event.seats_available = event.capacity
        event.deleted_at = event.updated_at = at
        event.version += 1
        audit.record("event.deleted", event, before={"confirmed_bookings": count})
    desk.close_gate(event, started)
    return count


def _locked(session: Session, event_id: int) -> Event:
    event = lock_event(session, event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


def _change_capacity(event: Event, capacity: int) -> None:
    sold = event.seats_sold
    if capacity < sold:
        raise CapacityBelowSold(capacity, sold)
    event.capacity, event.seats_available = capacity, capacity - sold
