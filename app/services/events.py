"""Events: listing them, and the organiser's changes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select, update

from app.booking import holds, seats, ticket_types, vouchers
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.errors import (
    CurrencyFixed,
    EventGone,
    EventHasBookings,
    EventNotFound,
    InvalidField,
    VersionConflict,
)
from app.lib.city_names import names_of
from app.lib.datetimes import moved
from app.models import Booking, BookingStatus, Event, EventStatus, TicketType
from app.models.columns import now
from app.models.defaults import default_currency
from app.models.staff_scope import require_all_events, require_event
from app.services import audit, event_news, money_back, refund_rules
from app.services.booking_ranges import booking_ranges
from app.services.event_rules import check_event, check_fee
from app.services.event_search import (
    EventQuery,
    cursor_of,
    in_order,
    likeness,
    matching,
)
from app.services.paging import Page, cut

MAX_CITIES = 200
MIN_LIKENESS = 0.15
"""Events that resemble a search less have nothing to do with it."""


class City(NamedTuple):
    name: str
    events: int


def list_events(query: EventQuery) -> Page[Event]:
    """A page of events in the query's order; with `past_only`, the latest first.

    Raises `InvalidField` for a cursor of another listing.
    """
    query = _as_found(query)
    wanted = in_order(matching(select(Event), query), query)
    rows = db.session.scalars(wanted.limit(query.limit + 1)).all()
    items, more = cut(rows, query.limit)
    return Page(items, cursor_of(items[-1], query) if more else None)


def count_events(query: EventQuery) -> int:
    """How many events match the query, on all pages."""
    wanted = matching(select(func.count(Event.id)), _as_found(query))
    count: int = db.session.scalars(wanted).one()
    return count


def list_nearest(query: EventQuery) -> Sequence[Event]:
    """For a search that found nothing: what the words find without the other filters, or what
    resembles them most, or what comes next."""
    wide = EventQuery(q=query.q, past_only=query.past_only, limit=query.limit)
    everything = replace(wide, q="")
    if query.q and not (found := list_events(wide).items):
        likest = likeness(query.q)
        wanted = matching(select(Event), everything).where(likest >= MIN_LIKENESS)
        wanted = wanted.order_by(likest.desc(), Event.start_at, Event.id).limit(query.limit)
        found = db.session.scalars(wanted).all()
    return (found if query.q else ()) or list_events(everything).items


def _as_found(query: EventQuery) -> EventQuery:
    """The query, forgiving if its words as they are typed find nothing."""
    if not query.q or query.forgiving:
        return query
    if db.session.scalars(matching(select(Event.id), query).limit(1)).first() is not None:
        return query
    return replace(query, forgiving=True)


def list_cities(*, past: bool = False) -> Sequence[City]:
    """Cities of upcoming or past public events with their number of events, by name."""
    name = func.min(Event.city)
    wanted = select(name, func.count(Event.id)).where(Event.city != "")
    wanted = matching(wanted, EventQuery(past_only=past)).group_by(func.lower(Event.city))
    rows = [City(*row) for row in db.session.execute(wanted.order_by(name).limit(MAX_CITIES))]
    cities: dict[str, City] = {}
    for city in rows:
        # Bangalore and Bengaluru are one, under the name that more events give.
        key = next(iter(names_of(city.name)), city.name)
        other = cities.get(key, City(city.name, 0))
        name_of_most = max(city, other, key=lambda one: one.events).name
        cities[key] = City(name_of_most, city.events + other.events)
    return sorted(cities.values())


def get_event(event_id: int, *, drafts: bool = False) -> Event:
    """Return the event.

    Raises `EventNotFound`, also for a draft unless `drafts` is set, and `EventGone` when it was
    deleted.
    """
    if drafts:
        require_event(event_id)
    event = db.session.get(Event, event_id)
    if event is not None and event.deleted_at and event.status != EventStatus.DRAFT:
        raise EventGone(event_id)
    if event is None or event.deleted_at or (event.status == EventStatus.DRAFT and not drafts):
        raise EventNotFound(event_id)
    return event


def count_confirmed(event_id: int) -> int:
    """How many bookings take seats of the event, those that wait for their payment included."""
    query = select(func.count(Booking.id)).where(Booking.event_id == event_id, Booking.takes_seats)
    return db.session.scalars(query).one()


def has_bookings(event_id: int) -> bool:
    """Whether anything was ever booked, cancelled bookings included."""
    return bool(db.session.scalar(select(exists().where(Booking.event_id == event_id))))


@retry_if_ended
def create_event(
    facts: Mapping[str, Any], desk: BookingDesk, *, types: Sequence[TicketType] = ()
) -> Event:
    """Create an event, with copies of another's ticket `types`. Raises `InvalidField`."""
    require_all_events()
    event = Event(**facts)
    check_event(event)
    with desk.changing() as changes:
        changes.add(event)
        ticket_types.copy(changes.session, types, to=event)
        audit.record("event.created", event, after=facts)
    return event


def preview_event(facts: Mapping[str, Any], event_id: int | None = None) -> Event:
    """An event with these facts that is never saved: a new one, or that of `event_id` changed.

    Raises what creating or changing it would raise, except for conflicts with other editors.
    """
    event = seats.blank_event(id=1, currency=default_currency(), status=EventStatus.PUBLISHED.value)
    if event_id is not None:
        event = get_event(event_id, drafts=True)
        _check_currency(event, facts)
        db.session.expunge(event)
    _apply(event, facts)
    return event


def pause_sales(event_id: int, paused: bool, desk: BookingDesk) -> Event:
    """Pause or resume sales, from every desk's next transaction on. Raises `EventNotFound`."""
    return update_event(event_id, {"sales_paused": paused}, desk)


def hold_seats(event_id: int, held: int, desk: BookingDesk, *, seen: int) -> Event:
    """Set the total of seats held back from sale; a lower number releases seats.

    `seen` is the number that the organiser saw, so that a repeated click changes nothing. Raises
    `EventNotFound`, `VersionConflict`, and `InvalidField` for more than the seats not booked, or
    less than those of named holds.
    """
    return update_event(event_id, {"seats_held": held}, desk, seen_held=seen)


IN_CALENDARS = {
    *("name", "start_at", "end_at", "time_zone", "venue", "address", "city", "status"),
    "payment_note",
}
"""Facts of an entry in a calendar: a change makes the next version of it (RFC 5545, 3.8.7.4)."""
COPIED = (
    *("venue", "address", "city", "category", "description", "time_zone"),
    *("capacity", "price_minor", "currency", "payment_note", "max_per_person", "image_digest"),
    *("reminds_guests", "payment_minutes", "refund_rule", "tax_bp", "tax_place"),
    *("fee_minor", "fee_basis_points", "fee_included"),
)
FEE = {"fee_minor", "fee_basis_points", "fee_included"}
AMOUNTS = ("price_minor", "fee_minor")
MOMENTS = ("start_at", "end_at", "sales_open_at", "sales_close_at", "cancel_until")


def duplicate_event(
    event_id: int, name: str, desk: BookingDesk, *, start: datetime | None = None
) -> Event:
    """Copy the event to a draft with a new name and nothing sold.

    Its other moments move with the start, by the clock on the event's wall. Raises
    `EventNotFound`, and `InvalidField` for a start that they can't follow.
    """
    event = get_event(event_id, drafts=True)
    facts = {fact: getattr(event, fact) for fact in COPIED} | _moments(event, start)
    facts |= {"name": name[:200], "status": EventStatus.DRAFT.value}
    return create_event(facts, desk, types=ticket_types.types_of(db.session(), event_id))


@retry_if_ended
def update_event(
    event_id: int,
    changes: Mapping[str, Any],
    desk: BookingDesk,
    *,
    seen: datetime | None = None,
    seen_held: int | None = None,
    words: str = "",
) -> Event:
    """Change the given facts. `seen` and `seen_held` are the event's `updated_at` and seats held
    back when the editor loaded it; they are not checked when None. `words` are the organiser's to
    those who have booked, in the letter that tells them what changed.

    Raises `EventNotFound`, `CapacityBelowSold`, `CurrencyFixed`, `InvalidField`,
    `VersionConflict`.
    """
    require_event(event_id)
    with desk.changing(event_id) as locked:
        event = locked.event(event_id)
        if seen not in (None, event.updated_at) or seen_held not in (None, event.seats_held):
            raise VersionConflict(event_id)
        before, after = _changes(event, changes)
        if after.get("status") == EventStatus.CANCELLED:
            locked.end_reservations(event_id)
            money_back.owe_for_event(locked.session, event)
        if before.get("status") == EventStatus.CANCELLED:
            money_back.forgive_event(locked.session, event)
        if after.get("status") == EventStatus.DRAFT and event.seats_sold:
            raise InvalidField("status", "can't be draft again once seats are sold")
        _check_currency(event, changes)
        _apply(event, changes, named=holds.count_named(locked.session, event_id))
        if event.has_types and after.keys() & FEE:
            types = ticket_types.types_of(locked.session, event_id)
            check_fee(event, [kind.price_minor for kind in types])
        if after.keys() & IN_CALENDARS:
            event.calendar_sequence += 1
        event.updated_at = now()
        refund_rules.note_change(locked.session, event, before, event.updated_at)
        if after:
            audit.record("event.updated", event, before=before, after=after)
            event_news.note_change(event, before, after, words)
    return event


@retry_if_ended
def delete_event(event_id: int, desk: BookingDesk, *, force: bool = False, words: str = "") -> int:
    """Delete the event; with `force`, also cancel its confirmed bookings, whose record is kept.
    Who had booked is told so, with the organiser's `words`.

    Returns how many bookings were cancelled. Raises `EventNotFound`, and `EventHasBookings` when
    there are confirmed bookings and `force` is not set.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        count = count_confirmed(event_id)
        if count and not force:
            raise EventHasBookings(event_id, count)
        changes.end_reservations(event_id)
        at = now()
        if count:
            event_news.note_deletion(event, at, words)
            if not event.is_over(at):
                money_back.owe_for_event(changes.session, event)
        for those in booking_ranges(changes.session, event_id):
            changes.session.execute(
                update(Booking)
                .where(those, Booking.takes_seats)
                .values(status=BookingStatus.CANCELLED.value, cancelled_at=at)
                .execution_options(synchronize_session=False)
            )
        seats.release_all(event)
        ticket_types.release_all(changes.session, event)
        vouchers.release_all(changes.session, event_id)
        holds.release_all(changes.session, event)
        event.deleted_at = event.updated_at = at
        audit.record("event.deleted", event, before={"confirmed_bookings": count})
    return count


def _moments(event: Event, start: datetime | None) -> dict[str, datetime | None]:
    """The event's moments if it started at `start`."""
    start, zone = start or event.start_at, event.zone
    was, becomes = (at.astimezone(zone).replace(tzinfo=None) for at in (event.start_at, start))
    found = {name: getattr(event, name) for name in MOMENTS}
    try:
        moments = {name: at and moved(at, becomes - was, zone) for name, at in found.items()}
    except ValueError as error:
        raise InvalidField("start_at", str(error)) from None
    return {**moments, "start_at": start}


def _changes(event: Event, facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts to record in the audit log: an amount says nothing without its currency."""
    before, after = audit.changes(event, facts)
    if after.keys() & set(AMOUNTS):
        before["currency"] = event.currency
        after["currency"] = facts.get("currency", event.currency)
    return before, after


def _check_currency(event: Event, changes: Mapping[str, Any]) -> None:
    """Refuse another currency for what was booked, and for a price that was meant in this one.

    The caller holds the event's row lock, unless it only previews: no booking comes in between.
    """
    if changes.get("price_minor", event.price_minor) != event.price_minor and event.has_types:
        raise InvalidField("price_minor", "is that of the event's ticket types: change it there")
    if changes.get("currency", event.currency) == event.currency:
        return
    if event.has_types:
        raise InvalidField("currency", "can't change while there are ticket types")
    if has_bookings(event.id):
        raise CurrencyFixed(event.id, event.currency)
    for name in AMOUNTS:
        if getattr(event, name) and name not in changes:
            raise InvalidField(name, "must be given with another currency")


def _apply(event: Event, changes: Mapping[str, Any], *, named: int = 0) -> None:
    facts = dict(changes)
    capacity, held = facts.pop("capacity", None), facts.pop("seats_held", None)
    seats.resize(event, capacity=capacity, held=held, named=named)
    for name, value in facts.items():
        setattr(event, name, value)
    check_event(event)
