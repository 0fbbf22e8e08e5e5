"""The ledger's SQL for batches with guests, who may be new: they are recorded with their bookings.

A guest is a user without a password, told by their email. Nobody is recorded before it is decided
that they get a seat, so that an order that is refused leaves nobody behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import String, Table, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.booking.arrays import one_of, rows_of
from app.booking.orders import Confirmed, Order
from app.booking.queries import (
    CONFIRMED,
    DECIDED_AT,
    Earlier,
    Writes,
    columns_of,
    confirmed,
    parameters,
    read_with_types,
    status_of,
    with_types,
    write_of,
    writes_of,
)
from app.booking.typed_orders import TypeRow
from app.booking.voucher_orders import VoucherCounts
from app.models import Booking, User

_BOOKINGS = cast("Table", Booking.__table__)
_USERS = cast("Table", User.__table__)
_BOOKING = _BOOKINGS.c

_ASKED_BY_GUESTS = rows_of(guest_email=String, guest_key=String)
_GUESTS = (
    select(_USERS.c.id, func.lower(_USERS.c.email).label("email"))
    .where(
        func.lower(_USERS.c.email) == one_of("guest_emails", String), _USERS.c.deleted_at.is_(None)
    )
    .with_for_update(read=True, key_share=True)
    .cte("guests")
)
# Guest by guest: a join might read the whole table for all of them, and keep doing so as it grows.
_MADE = (
    select(_BOOKING.idempotency_key, _BOOKING.fingerprint, *CONFIRMED)
    .where(
        _BOOKING.user_id == _GUESTS.c.id,
        _BOOKING.idempotency_key == _ASKED_BY_GUESTS.c.guest_key,
    )
    .offset(literal_column("0"))
    .correlate(_GUESTS, _ASKED_BY_GUESTS)
    .lateral("made")
)
_EARLIER = (
    select(_GUESTS.c.email, _GUESTS.c.id, *_MADE.c)
    .select_from(_ASKED_BY_GUESTS)
    .join(_GUESTS, _GUESTS.c.email == _ASKED_BY_GUESTS.c.guest_email)
    .outerjoin(_MADE, true())
)
_EARLIER_AND_TYPES = with_types(_EARLIER)


_NEW_PEOPLE = rows_of(new_email=String, new_name=String)
# In the order of emails, always: unique indexes wait for each other's commit, so two processes that
# insert the same two emails in different orders would wait for each other.
_PEOPLE = select(_NEW_PEOPLE.c.new_email, _NEW_PEOPLE.c.new_name).order_by(_NEW_PEOPLE.c.new_email)


@cache
def _write_with_guests(writes: Writes) -> Any:
    """Insert bookings of which some are by guests, and the guests who are new."""
    recorded = (
        insert(_USERS)
        .from_select(["email", "name"], _PEOPLE)
        .on_conflict_do_nothing()
        .returning(_USERS.c.id, _USERS.c.email)
        .cte("people")
    )
    new = rows_of(**columns_of(writes), email=String, guest_name=String).c
    user_id = func.coalesce(new.user_id, recorded.c.id).label("user_id")
    names = (*columns_of(writes), "guest_name")
    columns = {name: new[name] for name in names} | {"user_id": user_id}
    made = select(*columns.values(), *status_of(writes), DECIDED_AT)
    made = made.outerjoin(recorded, recorded.c.email == new.email)
    answered = (_BOOKING.reference, _BOOKING.id, _BOOKING.user_id)
    return write_of(made, *answered, writes=writes)


def earlier(
    session: Session, asked: Iterable[tuple[str, str | None]], typed: Iterable[int] = ()
) -> tuple[dict[str, int], list[Earlier], list[TypeRow]]:
    """Like `queries.earlier`, of (email, key) pairs; returns the ids of known emails."""
    emails, keys = zip(*asked, strict=True)
    given = {
        "guest_emails": list(set(emails)),
        "given_guest_email": list(emails),
        "given_guest_key": list(keys),
    }
    rows, types = read_with_types(session, _EARLIER, _EARLIER_AND_TYPES, given, typed)
    found = [(Confirmed(*row[4:]), row[2], row[3]) for row in rows if row[2] is not None]
    return {row[0]: row[1] for row in rows}, found, types


def insert_bookings(
    session: Session,
    orders: Sequence[Order],
    prices: Sequence[tuple[int, str]],
    left: dict[int, int],
    at: datetime,
    *,
    known: Mapping[str, int],
    journal: bool = False,
    taken: dict[int, int] | None = None,
    vouchers: VoucherCounts | None = None,
    fees: Sequence[int] | None = None,
) -> dict[str, Confirmed]:
    """Like `queries.insert_bookings`; guests who are not `known` are recorded, each email once.

    Raises `IntegrityError` when another transaction has recorded one of them meanwhile.
    """
    guests = [order.guest for order in orders]
    new: dict[str, str] = {}
    for guest in guests:
        if guest and guest.email not in known:
            new.setdefault(guest.email, guest.name)
    user_ids = [o.user_id if o.guest is None else known.get(o.guest.email) for o in orders]
    more: dict[str, Any] = {"taken": taken, "vouchers": vouchers, "fees": fees}
    given = parameters(orders, user_ids, prices, left, at, **more) | {
        "given_email": [guest and guest.email for guest in guests],
        "given_guest_name": [guest and guest.name for guest in guests],
        "given_new_email": list(new),
        "given_new_name": list(new.values()),
    }
    write = _write_with_guests(writes_of(orders, journal=journal, **more))
    made = {row.reference: row for row in session.execute(write, given)}
    return {
        o.reference: confirmed(o, made[o.reference].id, made[o.reference].user_id, minor)
        for o, (minor, _currency) in zip(orders, prices, strict=True)
    }
