"""An event's vouchers: list, find, change, withdraw; `BookingDesk` counts their uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.booking import holds, ticket_types
from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.db import db
from app.errors import (
    HoldNotFound,
    InvalidField,
    VersionConflict,
    VoucherNotFound,
    VoucherRefused,
    VoucherUsedUp,
)
from app.lib.emails import one_spelling
from app.models import Booking, Event, Hold, PriceEffect, Voucher
from app.models.columns import now
from app.models.staff_scope import require_event, scope
from app.models.voucher import code_key
from app.services import audit
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor

FACTS = {
    *("max_uses", "valid_until", "email", "ticket_type_id", "price_effect", "price_value"),
    *("hold_id", "note"),
}
_PERSONAL = {"email", "note"}
"""Facts that the audit log, which nothing changes later, leaves out."""
_BATCH = 500


def list_vouchers(
    event_id: int, *, search: str = "", limit: int = 50, after: str | None = None
) -> Page[Voucher]:
    """The event's vouchers, the newest first. Raises `EventNotFound`."""
    require_event(event_id)
    query = _found(event_id, search).order_by(Voucher.id.desc())
    if after:
        query = query.where(Voucher.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def count_vouchers(event_id: int, search: str = "") -> int:
    """How many vouchers of the event a search finds; without one, how many it has."""
    query = _found(event_id, search).with_only_columns(func.count())
    return db.session.scalars(query).one()


def iterate_vouchers(event_id: int, search: str = "") -> Iterator[Voucher]:
    """All vouchers that a search finds, the newest first, read some at a time."""
    after = None
    while True:
        page = list_vouchers(event_id, search=search, limit=_BATCH, after=after)
        yield from page.items
        if (after := page.next_cursor) is None:
            return


def voucher_of(booking: Booking) -> Voucher | None:
    """The voucher that the booking was made with."""
    if booking.voucher_id is None:
        return None
    return db.session.get(Voucher, booking.voucher_id, populate_existing=True)


def codes_used(bookings: Iterable[Booking]) -> dict[int, str]:
    """The codes that these bookings were made with, by the voucher's id."""
    ids = {booking.voucher_id for booking in bookings} - {None}
    found = select(Voucher.id, Voucher.code).where(Voucher.id.in_(ids))
    return dict(db.session.execute(found).all())


def for_person(email: str) -> Sequence[tuple[Voucher, str]]:
    """The vouchers that are for this person alone, each with its event's name, the oldest first."""
    query = select(Voucher, Event.name).join(Event, Event.id == Voucher.event_id)
    query = query.where(Voucher.email == one_spelling(email)).order_by(Voucher.id)
    return [(voucher, name) for voucher, name in db.session.execute(query)]


class FoundVoucher(NamedTuple):
    voucher: Voucher
    hold_left: int | None
    """Seats of the hold that it draws on; None if it draws on none."""


def find_voucher(event_id: int, code: str) -> FoundVoucher:
    """The event's voucher of this code, if it is good now; whom it is for is not asked.

    Raises `VoucherNotFound`, and `VoucherRefused` for one that is over or used up.
    """
    query = (
        select(Voucher, Hold.seats_left)
        .outerjoin(Hold, Hold.id == Voucher.hold_id)
        .where(Voucher.event_id == event_id, Voucher.code_key == code_key(code))
    )
    row = db.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None or row[0].withdrawn:
        raise VoucherNotFound(event_id)
    found, hold_left = row
    if found.is_over(now()):
        raise VoucherRefused(event_id, "over")
    if found.used >= found.max_uses:
        raise VoucherUsedUp(event_id)
    return FoundVoucher(found, hold_left)


def get_voucher(event_id: int, voucher_id: int) -> Voucher:
    """The event's voucher, unless it is withdrawn. Raises `EventNotFound`, `VoucherNotFound`."""
    require_event(event_id)
    return _good(_read(db.session(), event_id, voucher_id))


@retry_if_ended
def change_voucher(
    event_id: int,
    voucher_id: int,
    facts: Mapping[str, Any],
    desk: BookingDesk,
    *,
    seen: Mapping[str, Any] | None = None,
) -> Voucher:
    """Change the given facts, for orders to come.

    `seen` are facts as the editor saw them. Raises `EventNotFound`, `VoucherNotFound`, also for one
    that is withdrawn, `VersionConflict` if one of them is another by now, and `InvalidField`, also
    for fewer uses than there were.
    """
    known = known_facts(facts)
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        voucher = _good(_read(session, event_id, voucher_id))
        if any(getattr(voucher, name) != value for name, value in (seen or {}).items()):
            raise VersionConflict(event_id)
        before, after = audit.changes(voucher, known)
        for name, value in after.items():
            setattr(voucher, name, value)
        with session.no_autoflush:
            check_rules(session, event, voucher)
        if after:
            named = {"voucher": voucher.code}
            note("voucher.changed", event, before=before, after=named | after)
    return voucher


@retry_if_ended
def withdraw_voucher(event_id: int, voucher_id: int, desk: BookingDesk) -> Voucher:
    """Withdraw the voucher for good; what was booked with it stands. Once more changes nothing.

    Raises `EventNotFound`, `VoucherNotFound`.
    """
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        voucher = _read(changes.session, event_id, voucher_id)
        if not voucher.withdrawn:
            voucher.withdrawn = True
            note("voucher.withdrawn", event, before={"voucher": voucher.code})
    return voucher


def _found(event_id: int, search: str) -> Select[Any]:
    query = select(Voucher).where(Voucher.event_id == event_id)
    words = search.strip()
    if not words:
        return query
    found: list[ColumnElement[bool]] = [
        Voucher.note.icontains(words, autoescape=True),
        Voucher.code.icontains(words, autoescape=True),
    ]
    if scope().emails:
        found.append(Voucher.email.icontains(words, autoescape=True))
    # A part of a code may be shorter than a whole one.
    if key := code_key(f"0000{words}"[:30]):
        found.append(Voucher.code_key.contains(key[4:], autoescape=True))
    return query.where(or_(*found))


def _read(session: Session, event_id: int, voucher_id: int) -> Voucher:
    voucher = session.get(Voucher, voucher_id, populate_existing=True)
    if voucher is None or voucher.event_id != event_id:
        raise VoucherNotFound(voucher_id)
    return voucher


def _good(voucher: Voucher) -> Voucher:
    if voucher.withdrawn:
        raise VoucherNotFound(voucher.id)
    return voucher


def known_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the facts that are a voucher's."""
    known = {name: value for name, value in facts.items() if name in FACTS}
    if known.get("price_effect") is not None:
        known["price_effect"] = str(known["price_effect"])
    return known


def check_rules(session: Session, event: Event, voucher: Voucher) -> None:
    """Raise `InvalidField` for a broken rule, naming the field that a person would correct."""
    uses = 1 if voucher.max_uses is None else voucher.max_uses
    if uses < (voucher.used or 0):
        raise InvalidField("max_uses", f"can't be below the {voucher.used} that are used")
    effect, value = voucher.price_effect, voucher.price_value
    if (effect is None) != (value is None):
        missing = "price_effect" if effect is None else "price_value"
        raise InvalidField(missing, "is required")
    if effect == PriceEffect.PERCENT_OFF and not 1 <= (value or 0) <= 100:
        raise InvalidField("price_value", "must be from 1 to 100 per cent")
    if voucher.ticket_type_id is not None:
        known = {kind.id for kind in ticket_types.types_of(session, event.id)}
        if voucher.ticket_type_id not in known:
            raise InvalidField("ticket_type_id", "is no ticket type of this event")
    if voucher.hold_id is not None:
        try:
            holds.get_hold(session, event, voucher.hold_id)
        except HoldNotFound:
            raise InvalidField("hold_id", "is no hold of this event") from None


def note(
    action: str,
    event: Event,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record in the audit log what was done with an event's vouchers, without what is personal."""
    kept = [
        facts and {name: value for name, value in facts.items() if name not in _PERSONAL}
        for facts in (before, after)
    ]
    audit.record(action, event, before=kept[0], after=kept[1])
