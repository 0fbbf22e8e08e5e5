"""What is owed back of payments that brought seats by a cancelled event; and which payment it was
that brought them.

Callers hold the event's row lock, under which all of this is decided; each row of seats is owed
once, and never more of a payment than has come.
"""

from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    Executable,
    Select,
    case,
    cast,
    delete,
    literal,
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

BATCH = 5_000
PAUSE = timedelta(minutes=15)
"""How long providers are not asked to pay back for a cancelled event: until then it can take place
after all, and nobody was paid back."""


def owe_for_event(session: Session, event: Event) -> None:
    """Owe all that was paid here for the event's standing bookings; again changes nothing.

    Providers are asked to pay it back after `PAUSE`. Some thousand at a time, so that each
    statement ends in time.
    """
    query = select(Booking.id).where(Booking.event_id == event.id, Booking.is_confirmed)
    ids = session.scalars(query.order_by(Booking.id)).all()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        session.execute(_owe_those(event.id, some[0], some[-1]))


def _owe_those(event_id: int, first_id: int, last_id: int) -> Executable:
    owed = (
        paid_rows([event_id])
        .where(Booking.is_confirmed, Booking.id.between(first_id, last_id))
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
    of_event = (
        Refund.reason == RefundReason.EVENT_CANCELLED.value,
        Refund.booking_id.in_(select(Booking.id).where(Booking.event_id == event.id)),
    )
    # Locked, as the worker takes refunds up without the event's lock.
    query = select(Refund).where(*of_event).order_by(Refund.id).with_for_update()
    found = session.scalars(query).all()
    # A note of what was paid back, and then failed to be, is in the accounts already.
    if any(
        one.state == RefundState.PAID_BACK.value or one.is_on_its_way or not one.awaits_credit_note
        for one in found
    ):
        raise InvalidField("status", "can't change once guests got their money back")
    for start in range(0, len(found), BATCH):
        those = Refund.id.in_([one.id for one in found[start : start + BATCH]])
        removal = delete(Refund).where(those).execution_options(synchronize_session=False)
        session.execute(removal)


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
