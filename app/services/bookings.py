"""Bookings: create, cancel, look up."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.booking import seats, ticket_types, vouchers
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.booking.orders import Booked, CostLimit, Guest, Item, Order
from app.booking.parts import part_given_back
from app.db import db
from app.errors import (
    BookingChanged,
    BookingNotFound,
    CancellationClosed,
    EventCancelled,
    InvalidField,
    SeatsAreIn,
    UserNotFound,
    VoucherNotFound,
)
from app.lib.emails import one_spelling
from app.models import Admission, Booking, BookingStatus, Event, EventStatus, Gift, Happened, User
from app.models.booking import GivenBack
from app.models.columns import now
from app.models.staff_scope import scope, within
from app.models.voucher import code_key
from app.services import admissions, audit, lookups, outbox, seat_refunds
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor
from app.services.seat_refunds import RefundBy, Settled
from app.services.secrets import digest


def book(
    desk: BookingDesk,
    *,
    user_id: int,
    event_id: int,
    seats: int,
    items: Sequence[Item] = (),
    code: str | None = None,
    limit: CostLimit | None = None,
    idempotency_key: str | None = None,
) -> Booked:
    """Book seats of an event for a user.

    They are of the event's default ticket type, or of the types in `items`, whose sum is `seats`:
    a booking for each type, all or none. A voucher's `code` is used once, whatever is booked.
    `limit` is what the order may cost at most: it is no part of what the key stands for.
    Repeating a request with the same idempotency key returns the same bookings. Raises
    `EventNotFound`, `UserNotFound`, `NotEnoughSeats`, `SalesClosed`, `TicketTypeNotFound`,
    `TicketTypeSoldOut`, `TicketTypeNotOnSale`, `InvalidField` for more or fewer of a type than one
    order may have, `VoucherNotFound`, `VoucherRefused`, `PriceRisen`, `OverPersonLimit`,
    `IdempotencyKeyReused`, `Unavailable`.
    """
    wanted, key = _in_order(items), _key_of(code, event_id)
    fingerprint = None
    if idempotency_key is not None:
        fingerprint = _fingerprint(event_id, seats, wanted, key)
    order = Order(
        *(user_id, event_id, seats, idempotency_key, fingerprint),
        items=wanted,
        code=key,
        limit=limit,
    )
    return desk.book(order)


def book_as_guest(
    desk: BookingDesk,
    *,
    email: str,
    name: str,
    event_id: int,
    seats: int,
    items: Sequence[Item] = (),
    code: str | None = None,
    limit: CostLimit | None = None,
    idempotency_key: str | None = None,
) -> Booked:
    """Book seats for whoever has this email, whether or not there is an account with it.

    The desk records a new person together with the booking. Raises what `book` raises.
    """
    guest = Guest(one_spelling(email), name)
    wanted, voucher = _in_order(items), _key_of(code, event_id)
    key = fingerprint = None
    if idempotency_key is not None:
        key = _guests_key(idempotency_key)
        fingerprint = digest(f"{event_id}:{seats}:{name}{_spelt(wanted, voucher)}")
    order = Order(
        *(None, event_id, seats, key, fingerprint),
        guest=guest,
        items=wanted,
        code=voucher,
        limit=limit,
    )
    return desk.book(order)


def _guests_key(key: str) -> str:
    # With a space, which no key of an account holds: who knows an email can't ask by it what its
    # account has booked.
    return f"guest {digest(key)}"


def is_repeated(key: str | None, *, user_id: int | None = None, email: str | None = None) -> bool:
    """Whether this user, or the guest with this email, has booked with this idempotency key.

    Booking once more with it gives the same answer, whatever has changed meanwhile.
    """
    if not key:
        return False
    known = select(Booking.id)
    if user_id is not None:
        known = known.where(Booking.user_id == user_id, Booking.idempotency_key == key)
    else:
        same = User.email == one_spelling(email or "")
        known = known.join(Booking.user).where(same, Booking.idempotency_key == _guests_key(key))
    return db.session.scalars(known.limit(1)).first() is not None


@retry_if_ended
def cancel(
    desk: BookingDesk,
    booking_id: int,
    *,
    by_user: int | None = None,
    organiser: bool = False,
    keep: int = 0,
    admitted_too: bool = False,
    refund: RefundBy | int | None = None,
    seen_refund: int | None = None,
) -> Booking:
    """Cancel a booking and release its seats; cancelling it again changes nothing.

    `keep` seats stay booked: a target, not a difference, so that repeating the request releases
    seats once. `by_user` limits it to that user's bookings; only an organiser may cancel after the
    deadline, or of a cancelled event, whose bookings say what is owed. Seats that are in stay,
    unless an organiser says `admitted_too`.

    What was paid here comes back by the organiser's rule, or all of it if an organiser cancels, who
    may say otherwise by `refund`. `seen_refund` is what a guest was told that comes back of one
    seat: nothing is done if it is less by now. Raises `BookingNotFound`, `CancellationClosed`,
    `EventCancelled`, `SeatsAreIn`, `RefundChanged`, `BookingChanged` for one whose last seat was
    given to a friend, and `InvalidField` when `keep` is more than the booking has, or an amount
    more than was paid.
    """
    event_id = get_booking(booking_id, of_user=by_user).event_id
    with desk.changing(event_id) as changes:
        # Read again under the lock: the earlier read may be out of date.
        booking = changes.session.get_one(
            Booking,
            booking_id,
            # Locked against doors, which lock no event.
            with_for_update={"of": Booking, "key_share": True},
            populate_existing=True,
            options=[joinedload(Booking.event), joinedload(Booking.ticket_type)],
        )
        if booking.status == BookingStatus.GIVEN_AWAY.value:
            raise BookingChanged(booking_id)
        if event_id not in changes.events or not booking.takes_seats or keep == booking.seats:
            return booking
        event = changes.event(event_id)
        if keep > booking.seats:
            raise InvalidField("seats", "can only become fewer")
        if keep and not booking.is_confirmed:
            raise InvalidField("seats", "can't become fewer before they are paid")
        at = now()
        if not organiser and event.status == EventStatus.CANCELLED:
            raise EventCancelled(booking_id)
        if not organiser and at >= event.cancellable_until:
            raise CancellationClosed(booking_id, event.cancellable_until)
        if not organiser and seen_refund is not None:
            seat_refunds.check_seen(booking, seen_refund, at)
        _let_out(changes.session, booking, keep, admitted_too=organiser and admitted_too)
        by = (refund if refund is not None else RefundBy.ALL) if organiser else RefundBy.RULE
        give_back(changes.session, event, booking, at, keep=keep, refund=by)
    return booking


def give_back(
    session: Session,
    event: Event,
    booking: Booking,
    at: datetime,
    *,
    keep: int = 0,
    refund: RefundBy | int = RefundBy.RULE,
) -> Settled | None:
    """Release a booking's seats except `keep`, and owe what comes back of what was paid for them.

    The caller holds the event's row lock. Returns what became of the money; None if nothing was
    paid here."""
    seats.give_back(event, booking.seats - keep)
    ticket_types.give_back(session, event, booking, booking.seats - keep)
    facts = {"seats": booking.seats, "event": event.name}
    told: dict[str, outbox.JSON] = {"seats": booking.seats - keep, "kept": keep}
    back = booking
    if keep:
        back = part_given_back(booking, booking.seats - keep, at)
        session.add(back)
        booking.seats = keep
    else:
        booking.status = BookingStatus.CANCELLED.value
        booking.cancelled_at = at
        if booking.voucher_id is not None and booking.voucher_order is not None:
            vouchers.give_back(session, [(booking.voucher_id, booking.voucher_order)])
    settled = seat_refunds.settle(session, event, booking, back, at, by=refund)
    money = settled.facts() if settled else {}
    audit.record("booking.cancelled", booking, before=facts, after={"seats": keep, **money})
    if settled and settled.is_to_guest:
        told |= money
    outbox.note(Happened.GIVEN_BACK, event_id=event.id, booking_ids=[booking.id], facts=told)
    return settled


def _let_out(session: Session, booking: Booking, keep: int, *, admitted_too: bool) -> None:
    """Take out the seats that are in and not kept. Raises `SeatsAreIn` if they are to stay."""
    numbers = admissions.numbers_above(session, booking, keep)
    if numbers and not admitted_too:
        raise SeatsAreIn(booking.id, tuple(numbers))
    if numbers:
        admissions.take_out(session, booking, Admission.seat > keep)


def get_booking(booking_id: int, *, of_user: int | None = None) -> Booking:
    """Return the booking with its event and user.

    Raises `BookingNotFound`, also for a booking of another user than `of_user`.
    """
    booking = lookups.booking(booking_id)
    if booking is None or of_user not in (None, booking.user_id):
        raise BookingNotFound(booking_id)
    if not scope().covers(booking.event_id):
        raise BookingNotFound(booking_id)
    return booking


def booked_together(booking: Booking) -> Sequence[Booking]:
    """What stands of the order of several ticket types that made the booking, itself included.

    None of an order of one type, nor for a seat that a friend has given.
    """
    found = of_same_order(booking)
    return found if len(found) > 1 and booking.id in {one.id for one in found} else ()


def of_same_order(booking: Booking) -> Sequence[Booking]:
    """What stands of the order of several ticket types that made the booking, and is the same
    person's still; none of an order of one type. The booking itself may be none of it any more."""
    if booking.order_reference is None:
        return ()
    query = (
        select(Booking)
        .where(
            Booking.order_reference == booking.order_reference,
            Booking.user_id == booking.user_id,
            Booking.takes_seats,
            # A friend's seat has a ticket of its own, which is no part of what they booked.
            ~select(Gift.booking_id).where(Gift.booking_id == Booking.id).exists(),
        )
        .options(
            joinedload(Booking.event), joinedload(Booking.ticket_type), joinedload(Booking.user)
        )
        .order_by(Booking.id)
    )
    return db.session.scalars(query).all()


def list_bookings_of_user(
    user_id: int, *, limit: int = 50, after: str | None = None
) -> Page[Booking]:
    """The user's bookings, newest first, each with its event and type. Raises `UserNotFound`."""
    if db.session.get(User, user_id) is None:
        raise UserNotFound(user_id)
    query = (
        select(Booking)
        .where(Booking.user_id == user_id, within(Booking.event_id))
        .options(joinedload(Booking.event), joinedload(Booking.ticket_type))
        .order_by(Booking.id.desc())
    )
    if after:
        query = query.where(Booking.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def given_back(booking_id: int) -> GivenBack:
    """How often seats of the booking were given back or away, or came back, and when last."""
    query = select(func.count(), func.max(Booking.cancelled_at)).where(
        or_(Booking.id == booking_id, Booking.part_of == booking_id), ~Booking.takes_seats
    )
    back = GivenBack(*db.session.execute(query).one())
    latest = func.greatest(func.max(Gift.given_at), func.max(Gift.taken_back_at))
    moved = select(func.count(Gift.given_at) + func.count(Gift.taken_back_at), latest)
    times, at = db.session.execute(moved.where(Gift.from_id == booking_id)).one()
    return GivenBack(back.times + times, max(filter(None, (back.latest, at)), default=None))


def _fingerprint(event_id: int, seats: int, items: Sequence[Item], code: str | None) -> str:
    """A digest of what was requested with an idempotency key, which is unique per user."""
    return hashlib.sha256(f"{event_id}:{seats}{_spelt(items, code)}".encode()).hexdigest()


def _key_of(code: str | None, event_id: int) -> str | None:
    """The key of a voucher's code. Raises `VoucherNotFound` for what can't be one."""
    if not code:
        return None
    key = code_key(code)
    if key is None:
        raise VoucherNotFound(event_id)
    return key


def _in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items by their types, so that the same order is told whatever its sequence."""
    return tuple(sorted(items, key=lambda item: item.ticket_type_id or 0))


def _spelt(items: Sequence[Item], code: str | None) -> str:
    spelt = "".join(f":{item.ticket_type_id}x{item.seats}" for item in items)
    return f"{spelt}:code {code}" if code else spelt
