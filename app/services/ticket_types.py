"""An event's ticket types: list, add, change, remove; `BookingDesk` sells them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, cast, exists, func, select

from app.booking import ticket_types
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.paid_rows import cost
from app.db import db
from app.errors import InvalidField, TicketTypeNotFound, VersionConflict
from app.models import Booking, Event, TicketType, TypeState
from app.models.booking import is_its_type
from app.models.columns import now
from app.models.staff_scope import require_event
from app.services import audit, payment_figures
from app.services.event_rules import check_fee

DEFAULT_NAME = "Standard"
"""Name of what an event sold before it had types, until the organiser renames it."""
FACTS = {
    *("name", "description", "price_minor", "quota", "sales_open_at", "sales_close_at"),
    *("min_per_order", "max_per_order", "hidden", "withdrawn", "position"),
}


UNSEEN = {TypeState.HIDDEN, TypeState.WITHDRAWN}
"""States of types that an event's page does not offer."""


class Offered(NamedTuple):
    """A ticket type as it stands at a moment."""

    type: TicketType
    state: TypeState
    left: int
    """Seats of it that can be booked, of its quota and of the event's."""


def list_types(event_id: int) -> Sequence[TicketType]:
    """All types of the event in the order of its page; none if it sells one kind of seat."""
    query = select(TicketType).where(TicketType.event_id == event_id)
    query = query.order_by(TicketType.position, TicketType.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def types_of_events(events: Iterable[Event]) -> dict[int, Sequence[TicketType]]:
    """The types of these events by event, in the order of their pages, detached; events without
    types are left out, and none of them makes a query."""
    ids = [event.id for event in events if event.has_types]
    if not ids:
        return {}
    query = select(TicketType).where(TicketType.event_id.in_(ids))
    query = query.order_by(TicketType.position, TicketType.id)
    found: dict[int, list[TicketType]] = {}
    for kind in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(kind.event_id, []).append(kind)
        db.session.expunge(kind)
    return dict(found)


def show_prices(events: Iterable[Event], types: Mapping[int, Sequence[TicketType]]) -> None:
    """Let these detached events tell the prices that their types offer at this moment."""
    for event in events:
        if event.id in types:
            ticket_types.show_prices(event, types[event.id])


def list_offered(event: Event, seats_available: int | None = None) -> Sequence[Offered]:
    """The types that the event's page offers: neither hidden nor withdrawn.

    `seats_available` are the event's seats left, if they are known better than from its row.
    """
    if not event.has_types:
        return ()
    left = event.seats_available if seats_available is None else seats_available
    return offered_of(list_types(event.id), left)


def offered_of(types: Iterable[TicketType], event_left: int) -> Sequence[Offered]:
    """Those of an event's types that its page offers now; `event_left` are the event's seats."""
    offered = [standing(kind, event_left) for kind in types]
    return [one for one in offered if one.state not in UNSEEN]


def standing(kind: TicketType, event_left: int) -> Offered:
    """The type as it stands now, also one that the event's page does not offer."""
    return Offered(kind, kind.state(event_left, now()), kind.left(event_left))


def list_issued(event: Event) -> Sequence[TicketType]:
    """The types that staff may issue and a door may sell: all but withdrawn ones."""
    return [kind for kind in list_types(event.id) if not kind.withdrawn] if event.has_types else []


class TypeSales(NamedTuple):
    """What is sold of a ticket type, and what it costs."""

    type: TicketType
    seats: int
    """Of confirmed bookings, issued and free ones too."""
    value_minor: int
    """What is booked of it, as `payment_figures` counts it for the whole event."""
    fees_minor: int
    """The part of that which is fees."""
    reserved: int
    """Seats that wait for their payment."""


def sales_by_type(event_id: int) -> Sequence[TypeSales]:
    """The sales of each of the event's types, in the order of its page."""
    sums = [
        cast(func.coalesce(func.sum(one).filter(which), 0), BigInteger)
        for one, which in (
            (Booking.seats, Booking.is_confirmed),
            (cost(), payment_figures.counts_as_booked()),
            (payment_figures.fees(), payment_figures.counts_as_booked()),
            (Booking.seats, ~Booking.is_confirmed),
        )
    ]
    query = (
        select(TicketType, *sums)
        .join(Event, Event.id == TicketType.event_id)
        .outerjoin(Booking, and_(is_its_type(), Booking.takes_seats))
        .where(TicketType.event_id == event_id)
        .group_by(TicketType.id)
        .order_by(TicketType.position, TicketType.id)
    )
    return [TypeSales(kind, *figures) for kind, *figures in db.session.execute(query)]


def get_type(event_id: int, type_id: int) -> TicketType:
    """Raises `TicketTypeNotFound`, also for a type of another event."""
    kind = db.session.get(TicketType, type_id, populate_existing=True)
    if kind is None or kind.event_id != event_id:
        raise TicketTypeNotFound(type_id)
    return kind


def is_booked(kind: TicketType) -> bool:
    """Whether anything of the type was ever booked, cancelled bookings included."""
    wanted = Booking.event_id == kind.event_id, Booking.ticket_type_id == kind.id
    return bool(db.session.scalar(select(exists().where(*wanted))))


@retry_if_ended
def add_type(
    event_id: int, facts: Mapping[str, Any], desk: BookingDesk, *, default_name: str = DEFAULT_NAME
) -> TicketType:
    """Add a ticket type. The first makes what the event sold so far its default type.

    Raises `EventNotFound`, and `InvalidField` for a broken rule, a name that is taken, and too
    many types.
    """
    require_event(event_id)
    kind = TicketType(**_known(facts))
    _check(kind)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        _check_fee(event, kind)
        ticket_types.add(changes.session, event, kind, default_name=default_name)
        event.updated_at = now()
        audit.record("ticket_type.added", event, after={"ticket_type": kind.name, **facts})
    return kind


@retry_if_ended
def change_type(
    event_id: int,
    type_id: int,
    facts: Mapping[str, Any],
    desk: BookingDesk,
    *,
    seen: Mapping[str, Any] | None = None,
) -> TicketType:
    """Change the given facts. A new price is that of bookings to come.

    `seen` are facts as the editor saw them. Raises `EventNotFound`, `TicketTypeNotFound`,
    `VersionConflict` if one of them is another by now, and `InvalidField`, also for a quota below
    what is taken.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        # Read before anything changes: it would write, or forget, what breaks a rule.
        types = ticket_types.types_of(session, event_id)
        kind = _locked(session, event, type_id)
        if any(getattr(kind, name) != value for name, value in (seen or {}).items()):
            raise VersionConflict(event_id)
        before, after = audit.changes(kind, _known(facts))
        for name, value in after.items():
            setattr(kind, name, value)
        _check(kind)
        _check_fee(event, kind)
        if kind.quota is not None and kind.quota < kind.taken:
            raise InvalidField("quota", f"can't be below the {kind.taken} seats that are taken")
        ticket_types.check_name(kind, types)
        ticket_types.show_prices(event, types)
        if after:
            event.updated_at = now()
            named = {"ticket_type": kind.name}
            audit.record("ticket_type.changed", event, before=before, after=named | after)
    return kind


@retry_if_ended
def move_type(event_id: int, type_id: int, place: int, desk: BookingDesk) -> None:
    """Move the type to a place on the event's page, from 0; the others keep their order.

    Raises `EventNotFound`, `TicketTypeNotFound`.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        types = list(ticket_types.types_of(session, event_id))
        kind = next((one for one in types if one.id == type_id), None)
        if kind is None:
            raise TicketTypeNotFound(type_id)
        was = types.index(kind)
        types.insert(place, types.pop(was))
        for position, one in enumerate(types):
            one.position = position
        if (becomes := types.index(kind)) != was:
            event.updated_at = now()
            facts = {"ticket_type": kind.name, "position": becomes + 1}
            audit.record("ticket_type.changed", event, before={"position": was + 1}, after=facts)


@retry_if_ended
def remove_type(event_id: int, type_id: int, desk: BookingDesk) -> None:
    """Delete a type that was never booked, and is not the default type.

    Raises `EventNotFound`, `TicketTypeNotFound`, `InvalidField`.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        kind = _locked(session, event, type_id)
        ticket_types.remove(session, event, kind)
        event.updated_at = now()
        audit.record("ticket_type.removed", event, before={"ticket_type": kind.name})


def _locked(session: Any, event: Event, type_id: int) -> TicketType:
    kind = ticket_types.get_type(session, event, type_id)
    if kind is None:
        raise TicketTypeNotFound(type_id)
    return kind


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := facts.keys() - FACTS:
        raise InvalidField(min(unknown), "is not a fact of a ticket type")
    return dict(facts)


def _check_fee(event: Event, kind: TicketType) -> None:
    """Raise `InvalidField` for a price that the event's fee doesn't fit."""
    try:
        check_fee(event, [kind.price_minor or 0])
    except InvalidField:
        message = "doesn't go together with the event's fee"
        raise InvalidField("price_minor", message) from None


def _check(kind: TicketType) -> None:
    """Raise `InvalidField` for a broken rule, naming the field that a person would correct."""
    if not (kind.name or "").strip():
        raise InvalidField("name", "must not be blank")
    least = kind.min_per_order or 1
    if kind.max_per_order is not None and kind.max_per_order < least:
        raise InvalidField("max_per_order", f"must be at least {least}")
    if kind.quota is not None and kind.quota < least:
        raise InvalidField("quota", f"must be at least {least}")
    opens, closes = kind.sales_open_at, kind.sales_close_at
    if opens and closes and closes <= opens:
        raise InvalidField("sales_close_at", "must be after sales open")
