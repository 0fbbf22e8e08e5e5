"""Walk-ins: who comes without a ticket gets a seat at the door, and is in at once.

Booking and admission are one transaction, under the event's row lock as all that changes seats. The
limit per person counts for nobody here, and nobody is written to.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.booking import walk_ins
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.orders import Booked, Confirmed
from app.booking.walk_ins import WalkIn
from app.db import db
from app.errors import CheckInNotFound, InvalidField, SalesClosed
from app.models import (
    Admission,
    Booking,
    CheckIn,
    DoorAnswer,
    Event,
    EventStatus,
    SaleState,
    TicketType,
)
from app.models.booking import MAX_SEATS
from app.models.columns import now
from app.models.staff_scope import require_event
from app.models.user import WALK_INS
from app.services import (
    admissions,
    audit,
    bookings,
    doors,
    events,
    room_exemptions,
    ticket_types,
)
from app.services.accounts import constraint_of
from app.services.seat_refunds import RefundBy

_TAKEN = {"pk_check_ins", "uq_bookings_user_id_idempotency_key"}
"""Of ids that were used at the same moment, for another event or by a scan."""


class Offer(NamedTuple):
    """What a door can sell."""

    event: Event
    left: int
    """Seats on sale and those held back for the door."""
    types: Sequence[TicketType]
    """Of which they may be; none where the event has none."""


def offer(event_id: int) -> Offer:
    """What may be sold at the event's door now. Raises `EventNotFound`, `SalesClosed`."""
    event = events.get_event(event_id, drafts=True)
    check_open(event, now())
    hold = walk_ins.door_hold(db.session(), event)
    left = event.seats_available + (hold.seats_left if hold else 0)
    return Offer(event, left, ticket_types.list_issued(event))


def check_open(event: Event, at: datetime) -> None:
    """Raise `SalesClosed` unless the event's door sells seats: also while it is under way, and
    until the door is listed no more."""
    state = event.sale_state(at)
    if event.status == EventStatus.PUBLISHED and state != SaleState.NOT_OPEN:
        if at >= event.ends_at + doors.AFTERWARDS:
            state = SaleState.ENDED
        elif event.sales_paused:
            state = SaleState.PAUSED
        else:
            return
    raise SalesClosed(event.id, state)


def admit(desk: BookingDesk, event_id: int, wanted: WalkIn) -> Booking:
    """Book the seats and admit who came; the same walk-in again is answered with its booking, which
    an undo may have cancelled meanwhile.

    Raises `EventNotFound`, `SalesClosed`, `NotEnoughSeats`, and `InvalidField` for an id that
    something else had.
    """
    require_event(event_id)
    if not 1 <= wanted.seats <= MAX_SEATS:
        raise InvalidField("seats", f"must be from 1 to {MAX_SEATS}")
    booked = desk.counted(event_id, wanted.seats, lambda: _admit(desk, event_id, wanted))
    if not booked.replayed:
        room_exemptions.count(event_id, wanted.seats)
    return bookings.get_booking(booked.booking.id)


@retry_if_ended
def _admit(desk: BookingDesk, event_id: int, wanted: WalkIn) -> Booked:
    try:
        with desk.changing(event_id) as changes:
            event, session = changes.event(event_id), changes.session
            if known := walk_ins.earlier(session, event, wanted):
                return Booked(_confirmed(known), replayed=True)
            check_open(event, now())
            if session.get(CheckIn, wanted.id):
                raise InvalidField("id", "was another scan's")
            booking = walk_ins.book(session, event, wanted)
            _let_in(session, booking, wanted)
            audit.record("booking.walked_in", booking, after=_facts(session, wanted, booking))
            return Booked(_confirmed(booking))
    except IntegrityError as error:
        if constraint_of(error) in _TAKEN:
            raise InvalidField("id", "was another scan's") from None
        raise


@retry_if_ended
def undo(
    desk: BookingDesk, event_id: int, walk_in_id: UUID, *, undo_id: UUID, door: str = ""
) -> Booking:
    """Take the guests of a walk-in out again and put their seats on sale; again changes nothing.

    Raises `EventNotFound`, `CheckInNotFound` for what is no walk-in of this event, and
    `InvalidField` for an id that something else had.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        booking = _locked_booking(session, event, walk_in_id)
        if booking.takes_seats:
            if session.get(CheckIn, undo_id):
                raise InvalidField("id", "was another scan's")
            admissions.take_out(session, booking, true(), undo_id=undo_id, door=door)
            bookings.give_back(session, event, booking, now(), refund=RefundBy.ALL)
    return booking


def _locked_booking(session: Session, event: Event, walk_in_id: UUID) -> Booking:
    """The booking of a walk-in, locked against other doors."""
    known = session.get(CheckIn, walk_in_id)
    if known is None or known.event_id != event.id or known.booking_id is None:
        raise CheckInNotFound(walk_in_id)
    booking = session.get_one(
        Booking,
        known.booking_id,
        with_for_update={"of": Booking, "key_share": True},
        populate_existing=True,
        options=[
            joinedload(Booking.event),
            joinedload(Booking.user),
            joinedload(Booking.ticket_type),
        ],
    )
    if booking.user.email != WALK_INS:
        raise CheckInNotFound(walk_in_id)
    return booking


def _let_in(session: Session, booking: Booking, wanted: WalkIn) -> None:
    entry = CheckIn(
        id=wanted.id,
        event_id=booking.event_id,
        booking_id=booking.id,
        code=booking.reference,
        seats=list(range(1, booking.seats + 1)),
        answer=DoorAnswer.ADMITTED.value,
        door=wanted.door,
        actor=audit.actor(),
        at=booking.created_at,
    )
    session.add(entry)
    session.flush()
    facts = {
        "booking_id": booking.id,
        "event_id": booking.event_id,
        "check_in_id": entry.id,
        "at": entry.at,
        "door": entry.door,
        "actor": entry.actor,
    }
    session.execute(insert(Admission), [{**facts, "seat": seat} for seat in entry.seats])


def _facts(session: Session, wanted: WalkIn, booking: Booking) -> dict[str, object]:
    facts = {"seats": booking.seats, "free": wanted.free, "door": wanted.door}
    if booking.ticket_type_id is None:
        return facts
    return {"ticket_type": session.get_one(TicketType, booking.ticket_type_id).name, **facts}


def _confirmed(booking: Booking) -> Confirmed:
    return Confirmed(
        *(booking.id, booking.reference, booking.user_id, booking.event_id),
        *(booking.seats, booking.price_minor),
    )
