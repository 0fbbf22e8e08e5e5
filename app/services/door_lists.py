"""Lists of who is expected at an event, to be printed for its doors."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select

from app.db import db
from app.lib.name_split import Part, split
from app.lib.text import name_order
from app.models import Admission, Booking, TicketType, User
from app.models.booking import is_its_type
from app.models.staff_scope import shown_email
from app.services import events

BATCH = 2_500
MAX_PARTS = 6
"""Doors that a list is split for."""


class Order(StrEnum):
    NAMES = "names"
    CODES = "codes"


class Expected(NamedTuple):
    """A booking on a list."""

    reference: str
    name: str
    """As it was booked; may be empty."""
    email: str
    seats: int
    issued_for: str | None
    seats_in: int
    ticket_type: str
    """Its name; empty where the event has none."""


class DoorList(NamedTuple):
    number: int
    part: Part
    """Its names, or codes, in words."""
    guests: Sequence[Expected]

    @property
    def seats(self) -> int:
        return sum(guest.seats for guest in self.guests)


def list_for_doors(event_id: int, order: Order, parts: int) -> list[DoorList]:
    """All who are expected at the event, split for so many doors; empty parts are left out.

    Raises `EventNotFound`.
    """
    events.get_event(event_id, drafts=True)
    guests = _expected(event_id)
    # Sorted here: PostgreSQL as it comes in wheels knows no people's order of letters.
    keyed = sorted(
        (guest.reference if order == Order.CODES else name_key(guest.name, guest.email), guest)
        for guest in guests
    )
    found = split([key for key, _guest in keyed], parts)
    return [
        DoorList(number, part, [guest for _key, guest in keyed[part.begins : part.ends]])
        for number, part in enumerate(found, 1)
    ]


def name_key(name: str, email: str) -> str:
    """By what a guest is looked up: the name, or else what may be shown instead of it."""
    return name_order(name or shown_email(email) or "")


def _expected(event_id: int) -> list[Expected]:
    seats_in = (
        select(Admission.booking_id, func.count().label("seats"))
        .where(Admission.event_id == event_id)
        .group_by(Admission.booking_id)
        .subquery()
    )
    name = func.coalesce(Booking.guest_name, User.name)
    wanted = (
        select(Booking.reference, name, User.email, Booking.seats, Booking.issued_for)
        .add_columns(func.coalesce(seats_in.c.seats, 0), func.coalesce(TicketType.name, ""))
        .join(User, User.id == Booking.user_id)
        .outerjoin(TicketType, is_its_type())
        .outerjoin(seats_in, seats_in.c.booking_id == Booking.id)
        .where(Booking.event_id == event_id, Booking.is_confirmed)
        # By a cursor: each batch of it is a statement, which has seconds of its own to end.
        .execution_options(yield_per=BATCH)
    )
    found = [Expected(*row) for row in db.session.execute(wanted)]
    db.session.rollback()
    return found
