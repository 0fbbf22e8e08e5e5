"""What is owed back of payments that brought seats by a cancelled event; and which payment it was
that brought them.

Callers hold the event's row lock, under which all of this is decided; each row of seats is owed
once, and never more of a payment than has come.
"""

from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session

from app.booking.paid_rows import IS_OWED_WHOLE, paid_rows
from app.errors import InvalidField
from app.models import (
    Booking,
    Event,
    Gift,
    Payment,
    PaymentState,
    Refund,
    RefundReason,
    RefundState,
)
from app.models.columns import now
from app.models.payment import ONLINE
from app.services.booking_ranges import booking_ranges

PAUSE = timedelta(minutes=15)
"""How long providers are not asked to pay back for a cancelled event: until then it can take place
after all, and nobody was paid back."""


def owe_for_event(session: Session, event: Event) -> None:
    """Owe all that was paid here for the event's standing bookings; again changes nothing.

    Providers are asked to pay it back after `PAUSE`. Some thousand at a time, so that each
    statement ends in time.
    """
    for those in booking_ranges(session, event.id):
        session.execute(_owe_those(event.id, those))


def _owe_those(event_id: int, those: ColumnElement[bool]) -> Executable:
    owed = (
        paid_rows([event_id])
        .where(Booking.is_confirmed, those)
        .with_only_columns(
            Payment.id,
            Booking.id,
            cast(Booking.seats, BigInteger) * Booking.price_minor,
            Payment.currency,
            literal(RefundReason.EVENT_CANCELLED.value),
            case((Payment.provider.in_(ONLINE), literal(now() + PAUSE))),
        )
    )
    columns = ["payment_id", "booking_id", "amount_minor", "currency", "reason", "try_at"]
    return insert_or_leave(Refund).from_select(columns, owed).on_conflict_do_nothing()


def forgive_event(session: Session, event: Event) -> None:
    """Owe nothing any more, as the event takes place after all.

    Raises `InvalidField` once money was paid back, or may have been by a provider: those guests
    would have seats for nothing.
    """
    # A note of what was paid back, and then failed to be, is in the accounts already.
    done = or_(
        Refund.state == RefundState.PAID_BACK.value,
        Refund.is_on_its_way,
        ~Refund.awaits_credit_note,
    )
    for those in booking_ranges(session, event.id):
        owed = select(Refund.id, done.label("done")).where(
            Refund.reason == RefundReason.EVENT_CANCELLED.value,
            Refund.booking_id.in_(select(Booking.id).where(those)),
        )
        # Locked, as the worker takes refunds up without the event's lock.
        locked = owed.order_by(Refund.id).with_for_update().cte("locked")
        gone = delete(Refund).where(Refund.id.in_(select(locked.c.id)))
        if session.scalars(select(func.bool_or(locked.c.done))).one():
            raise InvalidField("status", "can't change once guests got their money back")
        session.execute(gone.execution_options(synchronize_session=False))


def bought_with(session: Session, booking: Booking) -> Booking:
    """The booking that a seat was bought with which friends gave to each other."""
    origin = booking
    while giver := session.scalars(
        select(Booking).join(Gift, Gift.from_id == Booking.id).where(Gift.booking_id == origin.id)
    ).one_or_none():
        origin = giver
    return origin


def payment_of(session: Session, booking: Booking) -> Payment | None:
    """The payment that brought the booking its seats, locked."""
    query = payments_of(booking).with_for_update(of=Payment)
    return session.scalars(query).one_or_none()


def payments_of(booking: Booking) -> Select[Payment]:
    """Select the payment that brought the booking its seats; none of a seat that a friend gave."""
    return (
        select(Payment)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Booking.reference == (booking.order_reference or booking.reference))
        .where(Payment.state == PaymentState.PAID.value, ~IS_OWED_WHOLE)
    )
