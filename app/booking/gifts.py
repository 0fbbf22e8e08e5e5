"""Seats given to friends: a seat leaves its booking for one of its own, or comes back.

The event's sums stay as they are: one booking has a seat less, and another has it. Both change in
one transaction, under the event's row lock and then the giver's booking's, which doors take too.

Seats have the numbers from 1 to their booking's `seats`. So it is the last seat that leaves, the
others keep their codes, and the one that comes back is the last again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.booking.issues import check_limit, guest_with
from app.booking.nobodies import nobody
from app.booking.orders import Guest
from app.booking.parts import one_seat, part_given_back
from app.booking.seat_changes import SeatChanges
from app.errors import GiftClosed, GiftNotFound, NotGivable
from app.models import Admission, Booking, BookingState, BookingStatus, Gift, GiftState, User
from app.models.user import FRIENDS

_WITH_BOTH = (
    joinedload(Gift.giver).joinedload(Booking.user),
    joinedload(Gift.booking).joinedload(Booking.event),
    joinedload(Gift.booking).joinedload(Booking.user),
    joinedload(Gift.booking).joinedload(Booking.ticket_type),
)


def give(changes: SeatChanges, booking: Booking, seat: int | None, at: datetime) -> Gift:
    """Move the booking's last seat, whose number is `seat` if that is told, into a gift.

    The same seat again is the same gift, while it waits. The caller has the booking's row lock.
    Raises `NotGivable`.
    """
    session = changes.session
    earlier = _standing(session, booking.id, seat) if seat is not None else None
    if earlier and earlier.state == GiftState.WAITING:
        return earlier
    _check_givable(session, booking, seat, at)
    number = booking.seats
    friends = one_seat(booking, nobody(session, FRIENDS, ""))
    session.add(friends)
    session.flush()  # assigns the id
    facts = {"from_id": booking.id, "event_id": booking.event_id, "seat": number}
    session.add(Gift(booking_id=friends.id, given_at=at, **facts))
    _take_out(booking)
    booking.seats_given_away += 1
    session.flush()
    return get_gift(session, friends.id)


def take_back(session: Session, gift: Gift, giver: Booking, at: datetime) -> None:
    """Put the gift's seat back as the giver's last; the caller has the row locks of both bookings.

    Raises `GiftClosed` for one that is not the giver's any more.
    """
    check_waits(gift, at)
    if seats_in(session, gift.booking_id):
        raise GiftClosed(gift.booking_id, "seat_is_in")
    gift.taken_back_at = at
    gift.booking.status = BookingStatus.GIVEN_AWAY.value
    giver.seats_given_away -= 1
    number = _put_back(session, giver, at)
    session.flush()
    # A later gift may have had this number, whose code is the giver's again.
    if other := _standing(session, giver.id, number):
        other.seat = gift.seat


def accept(changes: SeatChanges, gift: Gift, guest: Guest, at: datetime) -> None:
    """Make the gift's seat its friend's: without an email, of somebody who can't be written to.

    The caller has the booking's row lock. Raises `GiftClosed` and `OverPersonLimit`.
    """
    check_waits(gift, at)
    session, booking = changes.session, gift.booking
    if guest.email:
        user_id = guest_with(session, guest.email, guest.name)
        if not booking.issued_for:
            check_limit(session, changes.event(booking.event_id), user_id, booking.seats)
        booking.user = session.get_one(User, user_id)
    booking.guest_name = guest.name
    gift.accepted_at = at


def check_waits(gift: Gift, at: datetime) -> None:
    """Raise `GiftClosed` for a gift that does not wait for its friend any more."""
    state, booking = gift.state, gift.booking
    if state in {GiftState.ACCEPTED, GiftState.TAKEN_BACK}:
        raise GiftClosed(booking.id, state.value)
    if booking.state == BookingState.EVENT_CANCELLED:
        raise GiftClosed(booking.id, "event_cancelled")
    if booking.event.is_over(at):
        raise GiftClosed(booking.id, "event_over")
    if state == GiftState.GIVEN_BACK:
        raise GiftClosed(booking.id, state.value)


def gifts_of(session: Session, booking_id: int) -> Sequence[Gift]:
    """The gifts out of the booking that were not taken back, the newest last."""
    wanted = select(Gift).where(Gift.from_id == booking_id, Gift.taken_back_at.is_(None))
    wanted = wanted.options(*_WITH_BOTH).order_by(Gift.booking_id)
    return session.scalars(wanted, execution_options={"populate_existing": True}).all()


def get_gift(session: Session, gift_id: int) -> Gift:
    """The gift with its booking, event and user, as it is now. Raises `GiftNotFound`."""
    wanted = select(Gift).where(Gift.booking_id == gift_id).options(*_WITH_BOTH)
    rows = session.scalars(wanted, execution_options={"populate_existing": True})
    gift = rows.one_or_none()
    if gift is None:
        raise GiftNotFound(gift_id)
    return gift


def locked(session: Session, booking_id: int) -> Booking:
    """The booking with its event, as it is now; locked against doors, which lock no event."""
    return session.get_one(
        Booking,
        booking_id,
        with_for_update={"of": Booking, "key_share": True},
        populate_existing=True,
        options=[joinedload(Booking.event), joinedload(Booking.user)],
    )


def is_given_away(session: Session, booking_id: int, seat: int) -> bool:
    """Whether this number of the booking's is a friend's seat now."""
    return _standing(session, booking_id, seat) is not None


def seats_in(session: Session, booking_id: int) -> set[int]:
    """The numbers of the booking's seats that are in."""
    return set(session.scalars(select(Admission.seat).where(Admission.booking_id == booking_id)))


def _standing(session: Session, booking_id: int, seat: int) -> Gift | None:
    wanted = select(Gift).where(
        Gift.from_id == booking_id, Gift.seat == seat, Gift.taken_back_at.is_(None)
    )
    return session.scalars(wanted.options(*_WITH_BOTH)).one_or_none()


def _check_givable(session: Session, booking: Booking, seat: int | None, at: datetime) -> None:
    reason = ""
    if booking.state == BookingState.EVENT_CANCELLED:
        reason = "event_cancelled"
    elif not booking.takes_seats:
        reason = "booking_over"
    elif not booking.is_confirmed:
        reason = "not_paid"
    elif booking.event.is_over(at):
        reason = "event_over"
    elif seat not in (None, booking.seats):
        reason = "seats_changed"
    elif booking.seats in seats_in(session, booking.id):
        reason = "seat_is_in"
    if reason:
        raise NotGivable(booking.id, reason)


def _take_out(booking: Booking) -> None:
    if booking.seats > 1:
        booking.seats -= 1
    else:
        booking.status = BookingStatus.GIVEN_AWAY.value


def _put_back(session: Session, giver: Booking, at: datetime) -> int:
    """Give the giver's booking a seat more; returns its number."""
    if giver.takes_seats:
        giver.seats += 1
    elif giver.status == BookingStatus.GIVEN_AWAY.value:
        giver.status = BookingStatus.CONFIRMED.value
    else:
        # All the others were given back: as if they had been while this one stayed.
        session.add(part_given_back(giver, giver.seats, giver.cancelled_at or at))
        giver.seats, giver.status = 1, BookingStatus.CONFIRMED.value
        giver.cancelled_at = None
    return giver.seats
