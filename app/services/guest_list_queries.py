"""What a guest list asks the database: two statements, built once, which took a millisecond.

PostgreSQL writes the guests as JSON, of which Python would only make objects and write them again.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Select,
    String,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.booking.arrays import rows_of
from app.models import Admission, Booking, CheckIn, Event, Gift, TicketType, User
from app.models.booking import is_confirmed, is_its_type
from app.presenters.guest_lists import HASH_BYTES

SKEW = timedelta(seconds=2)
"""By which the clocks of the machines may differ: a cancellation has the time of the web's."""
LONGEST_TRANSACTION = timedelta(seconds=30)
"""Of those that write: a backup reads for hours."""


def conflicts_of(event_id: Any) -> Select[CheckIn]:
    return select(CheckIn).where(CheckIn.event_id == event_id, CheckIn.is_conflict)


def _object(**values: Any) -> Any:
    pairs: Any = ((literal_column(f"'{name}'"), value) for name, value in values.items())
    return func.json_build_object(*(part for pair in pairs for part in pair))


_PART = aliased(Booking)
_PARTS = (
    select(func.coalesce(func.sum(_PART.seats), 0))
    .where(_PART.part_of == Booking.id)
    .scalar_subquery()
)
_SEAT = _object(
    seat=Admission.seat,
    at=func.to_char(
        func.timezone(literal_column("'UTC'"), Admission.at),
        literal_column("""'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""),
    ),
    door=Admission.door,
    actor=Admission.actor,
)
_SEATS_IN = (
    select(func.json_agg(aggregate_order_by(_SEAT, Admission.seat)))
    .where(Admission.booking_id == Booking.id)
    .scalar_subquery()
)
_DIGEST = func.sha256(func.convert_to(Booking.reference, literal_column("'UTF8'")))
_HASH = func.encode(func.substr(_DIGEST, 1, HASH_BYTES), literal_column("'base64'"))
_IS_CONFIRMED = is_confirmed(Booking.status)
_BEFORE_AT = case((bindparam("emails"), func.split_part(User.email, "@", 1)), else_="")
_NAME = func.coalesce(
    *(func.nullif(name, "") for name in (Booking.guest_name, User.name, _BEFORE_AT)),
    bindparam("nameless", type_=String),
)
_TYPE = select(TicketType.name).where(is_its_type()).correlate(Booking).scalar_subquery()
_IDS = rows_of(id=BigInteger)
# One by one by their keys: of a table that was not analysed yet, PostgreSQL would rather read all.
_GUEST = (
    select(
        _object(
            booking_id=Booking.id,
            # As base64url has it (RFC 4648, 5).
            reference_hash=func.translate(_HASH, "+/", "-_"),
            name=_NAME,
            seats=case((_IS_CONFIRMED, Booking.seats), else_=0),
            left=_PARTS + Booking.seats_given_away + case((_IS_CONFIRMED, 0), else_=Booking.seats),
            ticket_type=func.coalesce(_TYPE, literal_column("''")),
            ticket_type_id=Booking.ticket_type_id,
            seats_in=func.coalesce(_SEATS_IN, literal_column("'[]'::json")),
        ).label("guest")
    )
    .join_from(Booking, User, User.id == Booking.user_id)
    .where(Booking.id == _IDS.c.id)
    .limit(1)
    .lateral()
)
GUESTS = select(
    func.string_agg(func.cast(_GUEST.c.guest, Text), literal_column("','"))
).select_from(_IDS.join(_GUEST, literal_column("true")))
"""The bookings of these ids as JSON objects, with commas between them; NULL without any."""

_ID = bindparam("event_id", type_=BigInteger)
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_NEW = (
    select(
        func.coalesce(Booking.part_of, Booking.id).label("booking_id"), Booking.id.label("new_id")
    )
    .where(Booking.event_id == _ID, Booking.id > bindparam("last", type_=BigInteger))
    .order_by(Booking.id)
    .limit(bindparam("limit", type_=BigInteger))
    .subquery()
)
_OLD = null().cast(BigInteger)
_GIVEN = or_(Gift.given_at >= _SINCE, Gift.accepted_at >= _SINCE, Gift.taken_back_at >= _SINCE)
_TOUCHED = union_all(
    select(_NEW.c.booking_id, _NEW.c.new_id),
    select(func.coalesce(Booking.part_of, Booking.id), _OLD).where(
        Booking.event_id == _ID, Booking.cancelled_at >= _SINCE
    ),
    # A reservation that was confirmed: a new moment, with an id from before.
    select(func.coalesce(Booking.part_of, Booking.id), _OLD).where(
        Booking.event_id == _ID,
        Booking.created_at >= _SINCE,
        Booking.id <= bindparam("last", type_=BigInteger),
        select(Event.payment_minutes).where(Event.id == _ID).scalar_subquery().is_not(None),
    ),
    select(CheckIn.booking_id, _OLD).where(CheckIn.event_id == _ID, CheckIn.received_at >= _SINCE),
    *(
        select(side, _OLD).where(Gift.event_id == _ID, _GIVEN)
        for side in (Gift.from_id, Gift.booking_id)
    ),
).subquery()
_PAIR = func.json_build_array(_TOUCHED.c.booking_id, _TOUCHED.c.new_id)
_KIND = _object(id=TicketType.id, name=TicketType.name, is_default=TicketType.is_default)
_KINDS = (
    select(func.json_agg(aggregate_order_by(_KIND, TicketType.id)))
    .where(TicketType.event_id == _ID)
    .scalar_subquery()
)
_BACKENDS = table("pg_stat_activity", column("xact_start"), column("datname"))
_KNOWN_UNTIL = func.greatest(
    func.min(_BACKENDS.c.xact_start) - SKEW,
    func.now() - LONGEST_TRANSACTION,
    type_=DateTime(timezone=True),
)
NEWS: Any = select(
    Event.status,
    Event.start_at,
    Event.end_at,
    select(_KNOWN_UNTIL)
    .where(_BACKENDS.c.datname == func.current_database())
    .scalar_subquery()
    .label("known_until"),
    exists(conflicts_of(_ID).where(CheckIn.received_at >= _SINCE)).label("has_conflicts"),
    select(func.json_agg(_PAIR)).scalar_subquery().label("touched"),
    _KINDS.label("ticket_types"),
).where(Event.id == _ID, Event.deleted_at.is_(None))
"""The event; until when all is known: what has an earlier time is committed, or never will be; and
which bookings to tell of, in pairs: those that are new after the last one, with their ids again;
and those that were cancelled, scanned, or given away from or to. And its ticket types as they are
called now, for guests who were told before."""
