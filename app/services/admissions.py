"""The seats that are in: read, and taken out again."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.db import db
from app.models import Admission, Booking, CheckIn, DoorAnswer, Event
from app.models.columns import now
from app.models.staff_scope import require_event
from app.services import audit, ticket_types


class TypeArrivals(NamedTuple):
    """How many seats of a ticket type are in, of how many that are taken."""

    name: str
    seats_in: int
    seats: int


class Arrivals(NamedTuple):
    """How many seats are in, of how many that are taken."""

    seats_in: int
    seats: int
    by_type: Sequence[TypeArrivals] = ()
    """By ticket type, in the order of the event's page, of those that were booked."""


def arrivals(event_id: int) -> Arrivals:
    """How many of the event's seats are in. Raises `EventNotFound` outside the key's scope."""
    require_event(event_id)
    taken = select(func.coalesce(func.sum(Booking.seats), 0)).where(
        Booking.event_id == event_id, Booking.is_confirmed
    )
    seats_in = select(func.count()).where(Admission.event_id == event_id)
    has_types = select(Event.has_types).where(Event.id == event_id)
    found = select(*(one.scalar_subquery() for one in (seats_in, taken, has_types)))
    count, seats, typed = db.session.execute(found).one()
    return Arrivals(count, seats, _by_type(event_id) if typed else ())


def _by_type(event_id: int) -> tuple[TypeArrivals, ...]:
    count = select(Booking.ticket_type_id, func.count()).join_from(Admission, Booking)
    count = count.where(Admission.event_id == event_id).group_by(Booking.ticket_type_id)
    came = {row[0]: row[1] for row in db.session.execute(count)}
    # Who booked before there were types has the default one.
    earlier = came.get(None, 0)
    return tuple(
        TypeArrivals(kind.name, came.get(kind.id, 0) + earlier * kind.is_default, kind.taken)
        for kind in ticket_types.list_types(event_id)
        if kind.taken
    )


def seats_in(bookings: Sequence[Booking]) -> dict[int, int]:
    """How many seats of each booking are in, by its id; nothing for those of whom none is."""
    ids = [booking.id for booking in bookings]
    wanted = select(Admission.booking_id, func.count()).where(Admission.booking_id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(wanted.group_by(Admission.booking_id))}


def of_booking(session: Session, booking: Booking) -> Sequence[Admission]:
    """The booking's seats that are in, by number."""
    wanted = select(Admission).where(Admission.booking_id == booking.id).order_by(Admission.seat)
    return session.scalars(wanted).all()


def list_seats_in(booking: Booking) -> Sequence[Admission]:
    """The booking's seats that are in, by number, with when, where and by whom."""
    return of_booking(db.session(), booking)


def numbers_above(session: Session, booking: Booking, keep: int) -> list[int]:
    """The numbers of the booking's seats that are in, of those above `keep`."""
    return [one.seat for one in of_booking(session, booking) if one.seat > keep]


def count_above(booking: Booking, keep: int) -> int:
    """How many of the booking's seats above the number `keep` are in."""
    return len(numbers_above(db.session(), booking, keep))


def take_out(
    session: Session,
    booking: Booking,
    wanted: ColumnElement[bool],
    *,
    undo_id: UUID | None = None,
    door: str = "",
    code: str = "",
    at: datetime | None = None,
) -> CheckIn:
    """Let the wanted seats of the booking be in no more, and note it as an undo.

    The caller holds the booking's row lock.
    """
    gone = delete(Admission).where(Admission.booking_id == booking.id, wanted)
    options = {"synchronize_session": False}
    seats = session.scalars(gone.returning(Admission.seat), execution_options=options).all()
    undone = CheckIn(
        id=undo_id or uuid4(),
        event_id=booking.event_id,
        booking_id=booking.id,
        code=code or booking.reference,
        seats=sorted(seats),
        answer=DoorAnswer.UNDONE.value,
        door=door,
        actor=audit.actor(),
        at=min(at or now(), now()),
    )
    session.add(undone)
    audit.record("seats.taken_out", booking, before={"seats": undone.seats})
    return undone
