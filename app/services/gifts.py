"""Seats given to friends: give one, take it back, accept it by its link."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.booking import gifts
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.orders import Guest
from app.db import db
from app.errors import GiftNotFound
from app.lib.emails import one_spelling
from app.models import Booking, Gift, Happened
from app.models.columns import now
from app.presenters.gift_addresses import gift_id_in, opens
from app.services import audit, bookings, outbox


@retry_if_ended
def give(
    desk: BookingDesk, booking_id: int, *, seat: int | None = None, by_user: int | None = None
) -> Gift:
    """Give the booking's last seat to a friend: it has a booking of its own now.

    `seat` is the number that is given, so that repeating the request gives one seat; without it,
    each request gives one. `by_user` limits it to that user's bookings. Raises `BookingNotFound`,
    `NotGivable`.
    """
    event_id = bookings.get_booking(booking_id, of_user=by_user).event_id
    with desk.changing(event_id) as changes:
        booking = gifts.locked(changes.session, booking_id)
        had = booking.seats_given_away
        gift = gifts.give(changes, booking, seat, now())
        if booking.seats_given_away != had:
            audit.record("booking.seat_given", booking, after={"seat": gift.seat})
    return gift


@retry_if_ended
def take_back(
    desk: BookingDesk, booking_id: int, gift_id: int, *, by_user: int | None = None
) -> Booking:
    """Take a gift's seat back into the booking that it was given out of, and return that.

    Taking it back again changes nothing. Raises `BookingNotFound`, `GiftNotFound`, `GiftClosed`.
    """
    event_id = bookings.get_booking(booking_id, of_user=by_user).event_id
    with desk.changing(event_id) as changes:
        booking = gifts.locked(changes.session, booking_id)
        if _is_taken_back(booking_id, gift_id):
            return booking
        gifts.locked(changes.session, gift_id)
        gift = gifts.get_gift(changes.session, gift_id)
        gifts.take_back(changes.session, gift, booking, now())
        audit.record("booking.seat_taken_back", booking, after={"seat": gift.seat})
    return booking


@retry_if_ended
def accept(desk: BookingDesk, gift_id: int, *, name: str, email: str = "") -> Booking:
    """Make the gift's seat the friend's, who is sent the ticket if there is an email.

    Raises `GiftNotFound`, `GiftClosed`, `OverPersonLimit`.
    """
    guest = Guest(one_spelling(email) if email else "", name)
    gift = gifts.get_gift(db.session(), gift_id)
    with desk.changing(gift.event_id) as changes:
        booking = gifts.locked(changes.session, gift_id)
        gift = gifts.get_gift(changes.session, gift_id)
        gifts.accept(changes, gift, guest, now())
        if guest.email:
            outbox.note(Happened.BOOKED, event_id=booking.event_id, booking_ids=[booking.id])
    return booking


def list_gifts(booking: Booking) -> Sequence[Gift]:
    """The booking's gifts that were not taken back, each with its booking, event and user."""
    return gifts.gifts_of(db.session(), booking.id) if booking.seats_given_away else []


def check_waits(gift: Gift, at: datetime) -> None:
    """Raise `GiftClosed` for a gift that can't be accepted any more."""
    gifts.check_waits(gift, at)


def find_gift(secret: str) -> Gift:
    """The gift that the secret opens, with both bookings. Raises `GiftNotFound`."""
    gift_id = gift_id_in(secret)
    if gift_id is None:
        raise GiftNotFound
    gift = gifts.get_gift(db.session(), gift_id)
    if not opens(secret, gift):
        raise GiftNotFound
    return gift


def origin_of(booking: Booking) -> Gift | None:
    """The gift that the booking came to be by, with the giver's booking; None for other ones."""
    wanted = select(Gift).where(Gift.booking_id == booking.id)
    giver = joinedload(Gift.giver).joinedload(Booking.user)
    return db.session.scalars(wanted.options(giver, joinedload(Gift.booking))).one_or_none()


def _is_taken_back(booking_id: int, gift_id: int) -> bool:
    """Raises `GiftNotFound` for a gift that is not out of this booking."""
    wanted = select(Gift.taken_back_at).where(
        Gift.booking_id == gift_id, Gift.from_id == booking_id
    )
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        raise GiftNotFound(gift_id)
    return found[0] is not None
