"""Named holds: parts of an event's held seats that are kept for somebody.

`Event.seats_held` counts all seats held back. Holds name parts of it; the rest has no name. So
whoever knows the one number alone, as the version before this did, keeps the ledger right. The
event's row lock guards its holds too: call these within `BookingDesk.changing` only.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.booking import vouchers
from app.errors import HoldNotFound, InvalidField, NotEnoughHeld, NotEnoughSeats
from app.models import Event, Hold
from app.models.hold import MAX_HOLDS


def holds_of(session: Session, event_id: int) -> Sequence[Hold]:
    """The event's holds by name, as they are now in the database."""
    query = select(Hold).where(Hold.event_id == event_id).order_by(func.lower(Hold.name), Hold.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def get_hold(session: Session, event: Event, hold_id: int) -> Hold:
    """Return the event's hold, refreshed. Raises `HoldNotFound`."""
    hold = session.get(Hold, hold_id, populate_existing=True)
    if hold is None or hold.event_id != event.id:
        raise HoldNotFound(hold_id)
    return hold


def count_named(session: Session, event_id: int) -> int:
    """How many of the event's held seats have a name."""
    query = select(func.coalesce(func.sum(Hold.seats_left), 0)).where(Hold.event_id == event_id)
    return session.scalars(query).one()


def add(session: Session, event: Event, name: str, seats: int, *, from_held: bool) -> Hold:
    """Add a hold, of seats on sale or, with `from_held`, of those held back without a name.

    Raises `InvalidField` for a name that another hold of the event has, for more seats than there
    are, and for too many holds.
    """
    hold = Hold(event_id=event.id, name=name, seats_left=0)
    existing = holds_of(session, event.id)
    if len(existing) >= MAX_HOLDS:
        raise InvalidField("name", f"would be one of more than {MAX_HOLDS} holds")
    _check_name(hold, existing)
    if from_held:
        unnamed = event.seats_held - sum(other.seats_left for other in existing)
        if seats > unnamed:
            raise InvalidField("seats", f"can be at most {max(unnamed, 0)}")
        hold.seats_left = seats
    else:
        resize(event, hold, seats)
    session.add(hold)
    session.flush()  # assigns the id, by which it is answered
    return hold


def rename(session: Session, hold: Hold, name: str) -> None:
    """Raises `InvalidField` for a name that another hold of the event has."""
    hold.name = name
    _check_name(hold, holds_but(session, hold))


def holds_but(session: Session, hold: Hold) -> Sequence[Hold]:
    query = select(Hold).where(Hold.event_id == hold.event_id, Hold.id != hold.id)
    with session.no_autoflush:
        return session.scalars(query).all()


def resize(event: Event, hold: Hold, seats: int) -> None:
    """Set the hold's seats: more of them come from those on sale, and fewer go back there.

    Raises `InvalidField` for more than there are.
    """
    more = seats - hold.seats_left
    if more > event.seats_available:
        raise InvalidField("seats", f"can be at most {hold.seats_left + event.seats_available}")
    hold.seats_left += more
    event.seats_held += more
    event.seats_available -= more


def release(session: Session, event: Event, hold: Hold) -> None:
    """End the hold; its seats go on sale. Vouchers that draw on it are withdrawn."""
    resize(event, hold, 0)
    vouchers.withdraw_of_hold(session, [hold.id])
    session.delete(hold)


def release_all(session: Session, event: Event) -> None:
    """End all holds of an event whose seats are all released, and the vouchers of them."""
    vouchers.withdraw_of_hold(session, select(Hold.id).where(Hold.event_id == event.id))
    session.execute(
        delete(Hold).where(Hold.event_id == event.id).execution_options(synchronize_session="fetch")
    )


def take(session: Session, event: Event, seats: int, hold: Hold | None) -> None:
    """Take seats out of the hold, or out of those held back without a name, to be booked.

    The number on sale stays. Raises `NotEnoughHeld`.
    """
    left = hold.seats_left if hold else event.seats_held - count_named(session, event.id)
    if seats > left:
        raise NotEnoughHeld(event.id, hold.name if hold else "", seats, max(left, 0))
    if hold:
        hold.seats_left -= seats
    event.seats_held -= seats


def take_on_sale(event: Event, seats: int) -> None:
    """Take seats on sale, to be booked. Raises `NotEnoughSeats`."""
    if seats > event.seats_available:
        raise NotEnoughSeats(event.id, seats, event.seats_available)
    event.seats_available -= seats


def _check_name(hold: Hold, others: Sequence[Hold]) -> None:
    if any(other.name.lower() == hold.name.lower() for other in others):
        raise InvalidField("name", "is another hold's already")
