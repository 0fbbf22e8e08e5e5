"""Bookings that staff make for guests: ordinary ones, free ones, of held seats, past the limit.

One transaction for each, under the event's row lock, as everything that changes seats. Rows are
locked in the desk's order: the event first, then the guest.
"""

from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.booking import holds, queries, ticket_types
from app.booking.orders import Booked, Confirmed
from app.booking.seat_changes import SeatChanges
from app.errors import (
    IdempotencyKeyReused,
    InvalidField,
    OverPersonLimit,
    SalesClosed,
    UserNotFound,
)
from app.lib.emails import one_spelling
from app.models import Booking, Event, Hold, SaleState, TicketType, User
from app.models.columns import now
from app.models.references import new_reference

NOT_FOR_SALE = {SaleState.DRAFT, SaleState.CANCELLED, SaleState.ENDED}


@dataclass(frozen=True)
class Issue:
    """What staff issues, and to whom."""

    email: str
    name: str
    seats: int
    issued_for: str = ""
    """Who special seats are for; without it, a named hold's name."""
    hold_id: int | None = None
    from_held: bool = False
    """Of the seats held back: of a hold, or of those without a name. Otherwise of those on sale."""
    free: bool = False
    past_limit: bool = False
    ticket_type_id: int | None = None
    """None: the event's default type. Staff may issue hidden types, and before their sales open."""
    idempotency_key: str | None = None
    fingerprint: str | None = None

    @property
    def is_special(self) -> bool:
        """Whether it is more than what a guest might have booked alone."""
        return self.free or self.past_limit or self.from_held or self.hold_id is not None


def issue(changes: SeatChanges, event_id: int, wanted: Issue) -> tuple[Booked, Hold | None]:
    """Record the booking in the open transaction; also returns the hold that its seats are from.

    A repeated idempotency key returns the first booking. Raises `EventNotFound`, `HoldNotFound`,
    `TicketTypeNotFound`, `SalesClosed`, `OverPersonLimit`, `NotEnoughHeld`, `NotEnoughSeats`,
    `TicketTypeSoldOut`, `InvalidField` when nobody is named whom special seats are for, and
    `IdempotencyKeyReused`.
    """
    event, session = changes.event(event_id), changes.session
    guest = guest_with(session, wanted.email, wanted.name)
    if earlier := _earlier(session, guest, wanted):
        return Booked(_named(session, event, earlier), replayed=True), None
    _check_sale(event, wanted)
    kind = ticket_types.get_type(session, event, wanted.ticket_type_id)
    hold = holds.get_hold(session, event, wanted.hold_id) if wanted.hold_id else None
    issued_for = wanted.issued_for or (hold.name if hold else "")
    if wanted.is_special and not issued_for:
        raise InvalidField("issued_for", "must say who the seats are for")
    if not wanted.past_limit:
        check_limit(session, event, guest, wanted.seats)
    if hold or wanted.from_held:
        holds.take(session, event, wanted.seats, hold)
    else:
        holds.take_on_sale(event, wanted.seats)
    ticket_types.take(event, kind, wanted.seats)
    booking = _booking(event, kind, guest, wanted, issued_for)
    session.add(booking)
    session.flush()  # assigns the id, which the audit log needs
    return Booked(_confirmed(booking, kind)), hold


def guest_with(session: Session, email: str, name: str) -> int:
    """The id of the person with this email, who is new or not, and whose row is locked.

    Raises `UserNotFound` for one who is leaving at this moment.
    """
    email = one_spelling(email)
    made = insert(User).values(email=email, name=name).on_conflict_do_nothing()
    session.execute(made)
    found = (
        select(User.id)
        .where(func.lower(User.email) == email, User.deleted_at.is_(None))
        .with_for_update(read=True, key_share=True)
    )
    user_id = session.scalars(found).one_or_none()
    if user_id is None:
        raise UserNotFound(email)
    return user_id


def _earlier(session: Session, user_id: int, wanted: Issue) -> Confirmed | None:
    if wanted.idempotency_key is None:
        return None
    _known, found, _types = queries.earlier(session, [(user_id, wanted.idempotency_key)])
    for booking, _key, fingerprint in found:
        if fingerprint != wanted.fingerprint:
            raise IdempotencyKeyReused
        return replace(booking, seats=wanted.seats)
    return None


def _check_sale(event: Event, wanted: Issue) -> None:
    """Free and held seats are issued before sales open, too; others only while they are open."""
    state = event.sale_state()
    open_states = {SaleState.OPEN, SaleState.SOLD_OUT}
    refused = state in NOT_FOR_SALE if wanted.is_special else state not in open_states
    if refused:
        raise SalesClosed(event.id, state)


def check_limit(session: Session, event: Event, user_id: int, seats: int) -> None:
    """Raise `OverPersonLimit` if this many seats more are too many for one person."""
    if event.max_per_person is None:
        return
    pair = (event.id, user_id)
    booked = queries.seats_by_user(session, [pair]).get(pair, 0)
    if booked + seats > event.max_per_person:
        raise OverPersonLimit(event.id, event.max_per_person, booked, seats)


def _booking(
    event: Event, kind: TicketType | None, user_id: int, wanted: Issue, issued_for: str
) -> Booking:
    cost = event.cost_of(0 if wanted.free else (kind or event).price_minor)
    return Booking(
        reference=new_reference(),
        user_id=user_id,
        event_id=event.id,
        seats=wanted.seats,
        price_minor=cost.price_minor,
        fee_minor=cost.fee_minor,
        ticket_type_id=kind and kind.id,
        booked_in=event.currency,
        guest_name=wanted.name or None,
        issued_for=issued_for or None,
        idempotency_key=wanted.idempotency_key,
        fingerprint=wanted.fingerprint,
        created_at=now(),
    )


def _confirmed(booking: Booking, kind: TicketType | None) -> Confirmed:
    return Confirmed(
        *(booking.id, booking.reference, booking.user_id, booking.event_id),
        *(booking.seats, booking.price_minor),
        ticket_type_id=booking.ticket_type_id,
        ticket_type=kind.name if kind else None,
    )


def _named(session: Session, event: Event, booking: Confirmed) -> Confirmed:
    """The booking with its ticket type's name, if it was made with a type."""
    if booking.ticket_type_id is None:
        return booking
    kind = ticket_types.get_type(session, event, booking.ticket_type_id)
    return replace(booking, ticket_type=kind.name if kind else None)
