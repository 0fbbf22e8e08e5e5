"""Many payments at once, as a statement or a provider tells of them.

Those that simply confirm a reserved order share transactions: nothing of an event is locked. All
others (late, twice, of another amount) are recorded one by one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.booking import reservations
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import transaction
from app.errors import UtsavamError
from app.models import Booking, BookingStatus, Happened, Payment, PaymentState
from app.models.columns import now
from app.models.staff_scope import scope
from app.services import outbox, payments
from app.services.paid_orders import PaidOrder, lock_orders
from app.services.payments import Received, Recorded

TOGETHER = 200
"""Payments that share a transaction: their bookings are locked until it ends."""


class Wanted(NamedTuple):
    """Money that has come for the order of a booking."""

    booking_id: int
    received: Received


def record_all(desk: BookingDesk, wanted: Sequence[Wanted]) -> list[Recorded | UtsavamError]:
    """Record the payments as `payments.record_paid` would each of them, in their sequence; the
    answer to each is what that returns, or what it raises."""
    answers: list[Recorded | UtsavamError] = []
    for first in range(0, len(wanted), TOGETHER):
        some = wanted[first : first + TOGETHER]
        done = _confirm_together(some)
        answers += [done.get(n) or _record_alone(desk, one) for n, one in enumerate(some)]
    return answers


def _confirm_together(wanted: Sequence[Wanted]) -> dict[int, Recorded]:
    """Confirm those orders that are reserved and cost just this; by their places in `wanted`."""
    try:
        return _confirm(wanted)
    except IntegrityError:
        return {}  # Another process has recorded one of them in between.


@retry_if_ended
def _confirm(wanted: Sequence[Wanted]) -> dict[int, Recorded]:
    with transaction() as session:
        simple, at = _simple(session, wanted), now()
        confirmed: dict[int, list[Booking]] = {}
        for order, received, payment in simple.values():
            session.add(payment)
            payments.receive(payment, order, received)
            payment.seats_paid = payments.seats_paid(order.waiting)
            confirmed.setdefault(order.first.event_id, []).extend(order.waiting)
        bookings = [one for some in confirmed.values() for one in some]
        if not reservations.confirm(session, [one.id for one in bookings], at):
            raise RuntimeError("a locked reservation has changed")
        for booking in bookings:
            # As they are in the database now; reading them again would be a statement each.
            set_committed_value(booking, "status", BookingStatus.CONFIRMED.value)
            set_committed_value(booking, "reserved_until", None)
            set_committed_value(booking, "created_at", at)
            set_committed_value(booking, "paid_at", at)
        for event_id, some in confirmed.items():
            ids = [one.id for one in some]
            outbox.note(Happened.PAID, event_id=event_id, booking_ids=ids)
    return {number: Recorded(payment, None) for number, (*_, payment) in simple.items()}


def _simple(
    session: Session, wanted: Sequence[Wanted]
) -> dict[int, tuple[PaidOrder, Received, Payment]]:
    """The orders that can be confirmed at once, locked, each with its payment; by their places."""
    orders = lock_orders(session, [one.booking_id for one in wanted])
    checked = {number: received for number, one in enumerate(wanted) if (received := _checked(one))}
    come = _come_already(session, checked.values())
    pending = _pending(session, [order.first.id for order in orders.values()])
    found: dict[int, tuple[PaidOrder, Received, Payment]] = {}
    taken: set[int] = set()
    for number, received in checked.items():
        order = orders.get(wanted[number].booking_id)
        if order is None or not order.is_reserved or not payments.fits(order, received):
            continue
        if not scope().covers(order.first.event_id):
            continue
        key = (received.provider.value, received.reference)
        if key in come or order.first.id in taken:
            continue
        come.add(key)
        taken.add(order.first.id)
        payment = pending.get((order.first.id, received.provider.value))
        if payment is None:
            payment = Payment(booking_id=order.first.id, provider=received.provider.value)
        found[number] = order, received, payment
    return found


def _checked(wanted: Wanted) -> Received | None:
    """The money, if it has a reference that can be told from others."""
    try:
        received = payments.checked(wanted.received)
    except UtsavamError:
        return None
    return received if received.reference else None


def _come_already(
    session: Session, all_received: Iterable[Received]
) -> set[tuple[str, str | None]]:
    """Which of them have come before: by provider and reference."""
    references = [received.reference for received in all_received]
    query = select(Payment.provider, Payment.provider_ref).where(
        Payment.provider_ref.in_(references)
    )
    return {(row.provider, row.provider_ref) for row in session.execute(query)}


def _pending(session: Session, booking_ids: Sequence[int]) -> dict[tuple[int, str], Payment]:
    """Payments that were announced for these orders, and have not come; locked."""
    query = select(Payment).where(
        Payment.booking_id.in_(booking_ids), Payment.state == PaymentState.PENDING.value
    )
    found = session.scalars(query.order_by(Payment.id).with_for_update())
    return {(one.booking_id, one.provider): one for one in found}


def _record_alone(desk: BookingDesk, wanted: Wanted) -> Recorded | UtsavamError:
    try:
        return payments.record_paid(desk, *wanted)
    except UtsavamError as error:
        return error
