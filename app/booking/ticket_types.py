"""Counting an event's seats by ticket type, where it has types.

The event's row lock guards its types too: call these within `BookingDesk.changing` only. Whatever
adds to or takes from an event's seats sold counts the same seats in one of its types, so that the
types' sums are the event's. The ledger does so for orders (`typed_orders`).
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import InvalidField, TicketTypeNotFound, TicketTypeSoldOut
from app.models import Booking, Event, TicketType, TypeState, Voucher
from app.models.columns import now
from app.models.ticket_type import MAX_TYPES

COPIED = (
    *("position", "name", "description", "price_minor", "quota", "min_per_order"),
    *("max_per_order", "hidden", "withdrawn", "is_default"),
)


def types_of(session: Session, event_id: int) -> Sequence[TicketType]:
    """The event's types in the order of its page, as they are now in the database."""
    query = select(TicketType).where(TicketType.event_id == event_id)
    query = query.order_by(TicketType.position, TicketType.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def get_type(session: Session, event: Event, type_id: int | None) -> TicketType | None:
    """The event's type with this id, refreshed; for None, its default type, or None if it has none.

    Raises `TicketTypeNotFound`.
    """
    if not event.has_types and type_id is None:
        return None
    query = select(TicketType).where(TicketType.event_id == event.id)
    if type_id is None:
        query = query.where(TicketType.is_default)
    else:
        query = query.where(TicketType.id == type_id)
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise TicketTypeNotFound(type_id or "default")
    return found


def take(event: Event, kind: TicketType | None, seats: int) -> None:
    """Count seats that are sold or issued now. Raises `TicketTypeSoldOut`."""
    if kind is None:
        return
    if kind.quota is not None and kind.taken + seats > kind.quota:
        raise TicketTypeSoldOut(event.id, kind.id, seats, max(kind.quota - kind.taken, 0))
    kind.taken += seats


def give_back(session: Session, event: Event, booking: Booking, seats: int) -> None:
    """Count seats of a booking that go on sale again."""
    kind = get_type(session, event, booking.ticket_type_id)
    if kind is not None:
        kind.taken -= seats


def release_all(session: Session, event: Event) -> None:
    """Count nothing as taken, once every booking is cancelled."""
    session.execute(update(TicketType).where(TicketType.event_id == event.id).values(taken=0))


def add(session: Session, event: Event, kind: TicketType, *, default_name: str) -> TicketType:
    """Add a type to the event, as the last on its page.

    If it is the first, what the event sold until then becomes its default type, named
    `default_name`, with all that was booked so far.
    Raises `InvalidField` for a name that another type has, and for too many types.
    """
    known = list(types_of(session, event.id))
    if not known:
        known = [_default(session, event, default_name)]
    if len(known) >= MAX_TYPES:
        raise InvalidField("name", f"would be one of more than {MAX_TYPES} ticket types")
    kind.event_id, kind.taken, kind.is_default = event.id, 0, False
    kind.position = known[-1].position + 1
    check_name(kind, known)
    session.add(kind)
    session.flush()  # assigns the id, by which it is answered
    show_prices(event, [*known, kind])
    return kind


def remove(session: Session, event: Event, kind: TicketType) -> None:
    """Delete a type that was never booked. The default type stays, also as the last one.

    Raises `InvalidField` for the default type, and for one with bookings or vouchers.
    """
    if kind.is_default:
        raise InvalidField("ticket_type_id", "is the default type, which stays")
    booked = select(Booking.id).where(
        Booking.event_id == event.id, Booking.ticket_type_id == kind.id
    )
    if session.scalars(booked.limit(1)).first() is not None:
        raise InvalidField("ticket_type_id", "has bookings: withdraw it instead")
    vouchers = select(Voucher.id).where(
        Voucher.event_id == event.id, Voucher.ticket_type_id == kind.id
    )
    if session.scalars(vouchers.limit(1)).first() is not None:
        raise InvalidField("ticket_type_id", "has vouchers: withdraw it instead")
    session.delete(kind)
    session.flush()
    show_prices(event, types_of(session, event.id))


def copy(session: Session, types: Sequence[TicketType], *, to: Event) -> None:
    """Give a new event copies of these types, with nothing taken.

    Their sale windows are left out: they are moments of the other event.
    """
    if not types:
        return
    copies = [
        TicketType(event_id=to.id, taken=0, **{name: getattr(one, name) for name in COPIED})
        for one in types
    ]
    session.add_all(copies)
    to.has_types = True
    show_prices(to, copies)


def check_name(kind: TicketType, others: Sequence[TicketType]) -> None:
    """Raise `InvalidField` for a name that another type of the event has."""
    if any(kind.name.lower() == other.name.lower() for other in others if other is not kind):
        raise InvalidField("name", "is another ticket type's")


def show_prices(event: Event, types: Sequence[TicketType]) -> None:
    """Set the event's price, which lists show, to the lowest that it offers now or will offer.

    Types that are withdrawn, hidden, or not sold any more count if there are no others. As time
    passes that changes without a write, so whoever shows a price sets it anew.
    """
    at = now()
    over = {TypeState.WITHDRAWN, TypeState.HIDDEN, TypeState.CLOSED}
    offered = [kind for kind in types if kind.state(event.capacity, at) not in over] or types
    prices = {kind.price_minor for kind in offered}
    event.price_minor = min(prices)
    event.highest_price_minor = max(prices) if len(prices) > 1 else None


def _default(session: Session, event: Event, name: str) -> TicketType:
    kind = TicketType(
        event_id=event.id,
        position=0,
        name=name,
        price_minor=event.price_minor,
        taken=event.seats_sold,
        is_default=True,
    )
    session.add(kind)
    session.flush()
    event.has_types = True
    return kind
