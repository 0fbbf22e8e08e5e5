"""Seats for who comes without a ticket: booked at the door, for nobody who could be written to.

As for all that staff issues, it is one transaction under the event's row lock.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.booking import holds, ticket_types
from app.booking.nobodies import nobody
from app.errors import InvalidField, NotEnoughSeats
from app.models import Booking, Event, Hold
from app.models.columns import now
from app.models.hold import DOOR_HOLD
from app.models.references import new_reference
from app.models.user import WALK_IN_NAME, WALK_INS


@dataclass(frozen=True)
class WalkIn:
    """What is sold or given at a door."""

    id: UUID
    """Made by the device: sent again, it is the same."""
    seats: int = 1
    name: str = ""
    free: bool = False
    door: str = ""
    ticket_type_id: int | None = None
    """None: the event's default type."""

    @property
    def key(self) -> str:
        return f"walk-in {self.id}"

    def fingerprint(self, event_id: int) -> str:
        asked: tuple[object, ...] = (event_id, self.seats, self.name, self.free)
        asked += (self.ticket_type_id,) if self.ticket_type_id else ()
        return hashlib.sha256(repr(asked).encode()).hexdigest()


def earlier(session: Session, event: Event, wanted: WalkIn) -> Booking | None:
    """What was booked by the same walk-in before. Raises `InvalidField` if it was another one."""
    found = session.scalars(
        select(Booking).where(
            Booking.user_id == nobody(session, WALK_INS, WALK_IN_NAME),
            Booking.idempotency_key == wanted.key,
        )
    ).one_or_none()
    if found is not None and found.fingerprint != wanted.fingerprint(event.id):
        raise InvalidField("id", "was another walk-in's")
    return found


def book(session: Session, event: Event, wanted: WalkIn) -> Booking:
    """Record the booking of a walk-in in the open transaction, which has the event's lock.

    Seats are taken of the hold that is named for the door, then of those on sale. Raises
    `NotEnoughSeats`, `TicketTypeNotFound`, `TicketTypeSoldOut`.
    """
    kind = ticket_types.get_type(session, event, wanted.ticket_type_id)
    hold = door_hold(session, event)
    held = min(hold.seats_left, wanted.seats) if hold else 0
    if wanted.seats - held > event.seats_available:
        left = event.seats_available + (hold.seats_left if hold else 0)
        raise NotEnoughSeats(event.id, wanted.seats, left)
    if hold:
        holds.take(session, event, held, hold)
    holds.take_on_sale(event, wanted.seats - held)
    ticket_types.take(event, kind, wanted.seats)
    cost = event.cost_of(0 if wanted.free else (kind or event).price_minor)
    booking = Booking(
        reference=new_reference(),
        user_id=nobody(session, WALK_INS, WALK_IN_NAME),
        event_id=event.id,
        seats=wanted.seats,
        price_minor=cost.price_minor,
        fee_minor=cost.fee_minor,
        ticket_type_id=kind and kind.id,
        booked_in=event.currency,
        guest_name=wanted.name or None,
        idempotency_key=wanted.key,
        fingerprint=wanted.fingerprint(event.id),
        created_at=now(),
    )
    session.add(booking)
    session.flush()  # assigns the id, which the audit log needs
    return booking


def door_hold(session: Session, event: Event) -> Hold | None:
    """The event's hold of seats that are kept for its door, if the organiser made one."""
    wanted = select(Hold).where(Hold.event_id == event.id, func.lower(Hold.name) == DOOR_HOLD)
    rows = session.scalars(wanted, execution_options={"populate_existing": True})
    return rows.one_or_none()
