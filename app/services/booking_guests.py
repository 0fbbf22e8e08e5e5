"""A booking's guest, corrected by staff: a name or an email that was mistyped.

Another email is another person's: the booking moves to them, and nothing else of the one who had it
changes. Locks are taken in the order of docs/booking.md: the event, the booking, then the guest.
"""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session, joinedload

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.issues import check_limit, guest_with
from app.booking.orders import Guest
from app.errors import BookedByAccount, BookingChanged, Refused, UserNotFound
from app.lib.emails import one_spelling
from app.models import Booking, BookingState, Event, Happened, User
from app.services import accounts, audit, bookings, outbox


@dataclass(frozen=True)
class GuestChange:
    """Who the guest is; None leaves a fact as it is. `seen_…` is what was corrected, if known."""

    email: str | None = None
    name: str | None = None
    seen_email: str | None = None
    seen_name: str | None = None

    def overlooks(self, guest: Guest) -> bool:
        """Whether the guest is another by now than the one that was seen."""
        email = one_spelling(self.seen_email) if self.seen_email is not None else guest.email
        name = self.seen_name if self.seen_name is not None else guest.name
        return (email, name) != guest


def guest_of(booking: Booking) -> Guest:
    """The guest's email and name, as they may be corrected; the booking comes with its user."""
    return Guest(booking.user.email, booking.guest_name or booking.user.name)


def check_correctable(booking: Booking) -> None:
    """Raise `BookedByAccount`, `UserNotFound` or `BookingChanged` for a booking whose guest staff
    can't correct: made by somebody signed in, of a deleted account, or cancelled.
    """
    if booking.user.deleted_at:
        raise UserNotFound(booking.user_id)
    if not booking.takes_seats:
        raise BookingChanged(booking.id)
    if booking.guest_name is None and accounts.is_used(booking.user):
        raise BookedByAccount(booking.id)


def is_correctable(booking: Booking) -> bool:
    """Whether `check_correctable` raises nothing."""
    try:
        check_correctable(booking)
    except (UserNotFound, Refused):
        return False
    return True


@retry_if_ended
def change_guest(desk: BookingDesk, booking_id: int, change: GuestChange) -> Booking:
    """Correct the booking's guest, and return it; the same correction again changes nothing.

    With another email the ticket's secret address is replaced, and the ticket sent to the right
    one. Raises `BookingNotFound`, what `check_correctable` raises, `BookingChanged` if the guest is
    not the one that was seen, and `OverPersonLimit`.
    """
    event_id = bookings.get_booking(booking_id).event_id
    with desk.changing(event_id) as changes:
        booking = _locked(changes.session, booking_id)
        former = guest_of(booking)
        guest = Guest(
            former.email if change.email is None else one_spelling(change.email),
            former.name if change.name is None else change.name,
        )
        if guest == former:
            return booking
        check_correctable(booking)
        if change.overlooks(former):
            raise BookingChanged(booking_id)
        if guest.email != former.email:
            _move(changes.session, changes.event(event_id), booking, guest)
        booking.guest_name = guest.name or None
        before, after = audit.changes(former, guest._asdict())
        audit.record("booking.guest_corrected", booking, before=before, after=after)
    return booking


def _locked(session: Session, booking_id: int) -> Booking:
    """The booking as it is now: its address may be replaced without the event's lock."""
    return session.get_one(
        Booking,
        booking_id,
        with_for_update={"of": Booking},
        populate_existing=True,
        options=[
            joinedload(Booking.event),
            joinedload(Booking.user),
            joinedload(Booking.ticket_type),
        ],
    )


def _move(session: Session, event: Event, booking: Booking, guest: Guest) -> None:
    """Give the booking to the person with the guest's email, who is new or not."""
    former_id, user_id = booking.user_id, guest_with(session, guest.email, guest.name)
    others = [one.id for one in bookings.of_same_order(booking) if one.id != booking.id]
    # Seats that staff issued may have been past the limit when they were.
    if not booking.issued_for:
        check_limit(session, event, user_id, booking.seats)
    booking.user = session.get_one(User, user_id)
    booking.address_version += 1
    # Keys are each person's own, and the right one may have used the same.
    booking.idempotency_key = booking.fingerprint = None
    # What else the order made is the former's still.
    booking.order_reference = None
    parts = update(Booking).where(Booking.part_of == booking.id).values(user_id=user_id)
    session.execute(parts.execution_options(synchronize_session=False))
    outbox.redirect(booking.id, former_id, booking.user, others)
    if booking.state in (BookingState.CONFIRMED, BookingState.RESERVED):
        outbox.note(Happened.BOOKED, event_id=event.id, booking_ids=[booking.id])
