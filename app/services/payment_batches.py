"""Many payments at once, as a statement or a provider tells of them.

Those that simply confirm a reserved order, or were recorded before, share transactions: nothing of
an event is locked. All others (late, twice, of another amount) are recorded one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from app.models import Booking, BookingStatus, Happened, Payment, PaymentState, Refund
from app.models.columns import now
from app.models.staff_scope import scope
from app.services import outbox, payments
from app.services.paid_orders import PaidOrder, lock_orders
from app.services.payments import Received, Recorded

TOGETHER = 200
"""Payments that share a transaction: their bookings are locked until it ends."""


_Key = tuple[str, str | None]
"""A payment's provider and reference."""
_Come = Mapping[_Key, Payment]


class Wanted(NamedTuple):
    """Money that has come for the order of a booking."""

    booking_id: int
    received: Received
    also_wrong: bool = False
    """Whether it is there already, so that it is owed back if it is not what the order costs."""


class _Told(NamedTuple):
    number: int
    """Its place among what is wanted."""
    order: PaidOrder
    received: Received

    @property
    def key(self) -> _Key:
        return self.received.provider.value, self.received.reference


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
    """Confirm those orders that are reserved and cost just this; answer them, and those that were
    recorded before, by their places in `wanted`."""
    try:
        return _confirm(wanted)
    except IntegrityError:
        return {}  # Another process has recorded one of them in between.


@retry_if_ended
def _confirm(wanted: Sequence[Wanted]) -> dict[int, Recorded]:
    with transaction() as session:
        told = _told(session, wanted)
        come = _come_already(session, [one.received for one in told])
        known, simple, at = _known(session, told, come), _simple(session, told, come), now()
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
    return known | {n: Recorded(payment, None) for n, (*_, payment) in simple.items()}


def _told(session: Session, wanted: Sequence[Wanted]) -> list[_Told]:
    """What is told of orders that there are, which are locked."""
    orders = lock_orders(session, [one.booking_id for one in wanted])
    told = []
    for number, one in enumerate(wanted):
        order, received = orders.get(one.booking_id), _checked(one)
        if order and received and scope().covers(order.first.event_id):
            told.append(_Told(number, order, received))
    return told


def _known(session: Session, told: Sequence[_Told], come: _Come) -> dict[int, Recorded]:
    """Those that were recorded before for the same order; by their places."""
    found = {
        one.number: payment
        for one in told
        if (payment := come.get(one.key))
        and payment.is_paid
        and payment.booking_id == one.order.first.id
    }
    ids = [payment.id for payment in found.values()]
    query = select(Refund).where(Refund.payment_id.in_(ids), Refund.booking_id.is_(None))
    owed = {refund.payment_id: refund for refund in session.scalars(query)} if ids else {}
    return {number: Recorded(payment, owed.get(payment.id)) for number, payment in found.items()}


def _simple(
    session: Session, told: Sequence[_Told], come: _Come
) -> dict[int, tuple[PaidOrder, Received, Payment]]:
    """The orders that can be confirmed at once, each with its payment; by their places."""
    pending = _pending(session, [one.order.first.id for one in told])
    found: dict[int, tuple[PaidOrder, Received, Payment]] = {}
    keys, taken = set(come), set[int]()
    for number, order, received in told:
        if not order.is_reserved or not payments.fits(order, received):
            continue
        key = received.provider.value, received.reference
        if key in keys or order.first.id in taken:
            continue
        keys.add(key)
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


def _come_already(session: Session, all_received: Iterable[Received]) -> dict[_Key, Payment]:
    """The payments of those that have come before, by provider and reference."""
    references = [received.reference for received in all_received]
    query = select(Payment).where(Payment.provider_ref.in_(references))
    query = query.execution_options(populate_existing=True)
    return {(one.provider, one.provider_ref): one for one in session.scalars(query)}


def _pending(session: Session, booking_ids: Sequence[int]) -> dict[tuple[int, str], Payment]:
    """Payments that were announced for these orders, and have not come; locked."""
    query = select(Payment).where(
        Payment.booking_id.in_(booking_ids), Payment.state == PaymentState.PENDING.value
    )
    found = session.scalars(query.order_by(Payment.id).with_for_update())
    return {(one.booking_id, one.provider): one for one in found}


def _record_alone(desk: BookingDesk, wanted: Wanted) -> Recorded | UtsavamError:
    try:
        return payments.record_paid(
            desk, wanted.booking_id, wanted.received, also_wrong=wanted.also_wrong
        )
    except UtsavamError as error:
        return error
