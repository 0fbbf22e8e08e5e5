"""Account deletion: cancel bookings, end sign-ins and tokens, anonymise the user, atomically.

Locks are taken in the order of docs/booking.md: events by id, then the user's row, then bookings. A
concurrent booking locks its events and then shares the user's row, so whichever commits second sees
the first; and the transaction that holds the user's row here never waits for an event.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import Select, any_, exists, func, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased, joinedload

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.errors import Busy, RefundChanged, UserNotFound
from app.models import Admission, Booking, Event, EventStatus, Gift, User
from app.models.columns import now
from app.services import accounts, bookings, seat_refunds
from app.services.anonymising import anonymise
from app.services.seat_refunds import Settled

RETRY_FOR = 2.0
"""Seconds to retry while the user keeps booking; after that `Busy` is raised."""
_SET_TIMEOUTS = text(
    "SELECT set_config('lock_timeout', '1500', true), set_config('statement_timeout', '2500', true)"
)
_SET_USER_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = 500")
"""Milliseconds to wait for the user's row; short, because buyers wait for the locked events."""


class _BookedConcurrently(Exception):
    """The user booked an event whose row was not locked."""


class ComesBack(NamedTuple):
    """Of what the user has paid here for bookings that would be cancelled, in one currency."""

    refund_minor: int = 0
    price_minor: int = 0


def delete_account(
    user_id: int,
    password: str,
    desk: BookingDesk,
    *,
    seen_refunds: Mapping[str, int] | None = None,
) -> int:
    """Delete the account in one transaction and return how many bookings were cancelled.

    Bookings are cancelled where that is still allowed; the others are kept, anonymised,
    for the organiser's books. `seen_refunds` is what the user was told that comes back, by
    currency. Raises `WrongCredentials`, `UserNotFound`, `RefundChanged` if it is less by now, and
    `Busy` when a row lock could not be obtained or the connection was lost before COMMIT; nothing
    is changed then.
    """
    accounts.confirm_password(user_id, password)
    deadline = time.monotonic() + RETRY_FOR
    while True:
        try:
            return _try_delete(user_id, desk, seen_refunds or {})
        except _BookedConcurrently:
            if time.monotonic() > deadline:
                raise Busy from None
        except DBAPIError as error:
            # The server ends a session that idles while it holds an event's row: a slow machine's.
            lost = error.connection_invalidated
            if lost or isinstance(error.orig, LockNotAvailable | QueryCanceled):
                raise Busy from None
            raise


@retry_if_ended
def _try_delete(user_id: int, desk: BookingDesk, seen: Mapping[str, int]) -> int:
    """Try once; return how many bookings were cancelled."""
    with desk.changing() as changes:
        session = changes.session
        session.execute(_SET_TIMEOUTS)
        events = changes.lock(session.scalars(_cancellable(Booking.event_id, user_id)).all())
        _lock_user(session, user_id)
        _lock_against_doors(session, user_id)
        to_come = session.scalars(
            _cancellable(Booking, user_id), execution_options={"populate_existing": True}
        ).all()
        if any(booking.event_id not in events for booking in to_come):
            raise _BookedConcurrently
        at = now()
        cancelled = [b for b in to_come if at < events[b.event_id].cancellable_until]
        settled = [bookings.give_back(session, events[b.event_id], b, at) for b in cancelled]
        _check_seen(seen, cancelled, settled)
        anonymise(session, [user_id], at)
    return len(cancelled)


def _check_seen(
    seen: Mapping[str, int], cancelled: Sequence[Booking], settled: Sequence[Settled | None]
) -> None:
    """Raise `RefundChanged` if less comes back than the user was told."""
    own = [one for one in settled if one and one.is_to_guest]
    for currency, minor in seen.items():
        back = sum(one.owed_minor for one in own if one.currency == currency)
        if back < minor and cancelled:
            raise RefundChanged(cancelled[0].id, back, currency)


def _lock_against_doors(session: Session, user_id: int) -> None:
    """Lock the bookings that will be cancelled, as doors do: who comes in meanwhile is in before
    we look again, or is told that the booking is cancelled."""
    wanted = _cancellable(Booking.id, user_id).with_for_update(of=Booking, key_share=True)
    session.execute(wanted).all()


def count_cancellable(user_id: int) -> int:
    """How many bookings `delete_account` would cancel now."""
    return len(db.session.scalars(_cancellable(Booking.id, user_id)).all())


def what_comes_back(user_id: int) -> dict[str, ComesBack]:
    """What comes back to the user by currency if `delete_account` cancels their bookings now."""
    wanted = _cancellable(Booking, user_id).options(joinedload(Booking.event))
    found: dict[str, ComesBack] = {}
    for booking in db.session.scalars(wanted):
        if quote := seat_refunds.quote(booking):
            back, price = found.get(quote.currency, ComesBack())
            back += quote.refund_minor * booking.seats
            found[quote.currency] = ComesBack(back, price + booking.total_minor)
    return found


def _cancellable(what: Any, user_id: int) -> Select[Any]:
    """Select `what` from the user's confirmed bookings that may still be cancelled.

    Those of a cancelled event stand, as in `bookings.cancel`: they say what is owed. So do those of
    whom somebody is in. A seat given away that still waits for a friend is the user's own.
    """
    giver = aliased(Booking)
    gifts = select(Gift.booking_id).join(giver, giver.id == Gift.from_id)
    gifts = gifts.where(giver.user_id == user_id, Gift.accepted_at.is_(None))
    # As an array, by which an index finds them.
    waiting = any_(func.array(gifts.scalar_subquery()))
    return (
        select(what)
        .join(Event, Event.id == Booking.event_id)
        .where(or_(Booking.user_id == user_id, Booking.id == waiting), Booking.takes_seats)
        .where(Event.cancellable_until > now(), Event.deleted_at.is_(None))
        .where(Event.status != EventStatus.CANCELLED)
        .where(~exists().where(Admission.booking_id == Booking.id))
        .order_by(Booking.id)
    )


def _lock_user(session: Session, user_id: int) -> None:
    """Lock the user's row against changes and against bookings, which lock it FOR KEY SHARE."""
    session.execute(_SET_USER_LOCK_TIMEOUT)
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.deleted_at:
        raise UserNotFound(user_id)
