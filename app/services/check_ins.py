"""The door: who is admitted, and who came already.

A seat is admitted once, whatever the number of doors, tabs and retries: its row in `admissions` is
unique. Every scan is kept in `check_ins` with its answer, and so is every undo.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.db import db, transaction
from app.errors import CheckInNotFound, InvalidField
from app.models import (
    Admission,
    Booking,
    CheckIn,
    DoorAnswer,
    Event,
    NotValid,
)
from app.models.booking import MAX_SEATS
from app.models.check_in import MAX_CODE
from app.models.columns import now
from app.models.references import TicketCode, read_code
from app.models.staff_scope import require_event
from app.services import admissions, audit, events
from app.services.accounts import constraint_of
from app.services.check_in_refusals import why_not
from app.services.paging import Page, cut, decode_cursor, encode_cursor, unknown_cursor


@dataclass(frozen=True)
class Scan:
    """A code that a door has read, or a booking that it has found by its guest's name."""

    id: UUID
    """Made by the device: a scan that is sent again has the same."""
    code: str = ""
    booking_id: int | None = None
    seats: int = 1
    """How many to admit; of a code that names its seat, this one alone."""
    door: str = ""
    at: datetime | None = None
    """When it was read, if it could not be sent at once."""
    let_in: int | None = None
    """How many seats the device let in by its own list; None if it asks before it decides."""


@dataclass(frozen=True)
class Told:
    """What a door is told of a scan."""

    check_in: CheckIn
    booking: Booking | None = None
    """The code's, with event, user and ticket type; None for a code that nothing is known of."""
    earlier: Sequence[Admission] = field(default_factory=tuple)
    """Of the scan's seats, those that were in before it."""
    seats_in: int = 0
    """How many of the booking's seats are in now."""

    @property
    def answer(self) -> DoorAnswer:
        return DoorAnswer(self.check_in.answer)

    @property
    def reason(self) -> NotValid | None:
        return NotValid(self.check_in.reason) if self.check_in.reason else None


def check_in(event_id: int, scan: Scan) -> Told:
    """Admit whom the scan is for, or tell why not; the same scan again is told the same.

    Raises `EventNotFound`, and `InvalidField` for an id that another scan had.
    """
    _check(scan)
    event = events.get_event(event_id, drafts=True)
    try:
        with transaction() as session:
            known = session.get(CheckIn, scan.id, populate_existing=True)
            if known and _was_decided_since(scan, known):
                scan = replace(scan, id=uuid5(scan.id, "offline"))
                known = session.get(CheckIn, scan.id, populate_existing=True)
            return _again(session, event, scan, known) if known else _first(session, event, scan)
    except IntegrityError as error:
        # The same scan came twice at once.
        if constraint_of(error) != "pk_check_ins":
            raise
    with transaction() as session:
        return _again(session, event, scan, session.get_one(CheckIn, scan.id))


def undo(
    event_id: int,
    check_in_id: UUID,
    *,
    undo_id: UUID,
    door: str = "",
    at: datetime | None = None,
) -> Told:
    """Take out again the seats that a scan admitted; once more changes nothing.

    `at` is when it was undone, if that could not be told at once.

    Raises `EventNotFound`, `CheckInNotFound`, and `InvalidField` for a scan that admitted nobody.
    """
    require_event(event_id)
    with transaction() as session:
        known = session.get(CheckIn, check_in_id)
        if known is None or known.event_id != event_id:
            raise CheckInNotFound(check_in_id)
        booking = _locked(session, Booking.id == known.booking_id)
        if booking is None or known.answer != DoorAnswer.ADMITTED:
            raise InvalidField("check_in_id", "admitted nobody")
        undone = session.get(CheckIn, undo_id)
        if undone is None:
            wanted = Admission.check_in_id == check_in_id
            undone = admissions.take_out(
                session, booking, wanted, undo_id=undo_id, door=door, code=known.code, at=at
            )
        session.flush()
        return Told(undone, booking, seats_in=len(admissions.of_booking(session, booking)))


def list_check_ins(event_id: int, *, limit: int = 50, after: str | None = None) -> Page[CheckIn]:
    """What was scanned at the event's doors, the newest first.

    Raises `EventNotFound`, and `InvalidField` for a bad cursor.
    """
    events.get_event(event_id, drafts=True)
    turn = (CheckIn.received_at, CheckIn.id)
    wanted = select(CheckIn).where(CheckIn.event_id == event_id)
    if after:
        wanted = wanted.where(tuple_(*turn) < tuple_(*map(literal, _there(after))))
    wanted = wanted.order_by(*(column.desc() for column in turn)).limit(limit + 1)
    items, more = cut(db.session.scalars(wanted).all(), limit)
    last = items[-1] if more else None
    cursor = encode_cursor(last.received_at.isoformat(), last.id) if last else None
    return Page(items, cursor)


def _there(after: str) -> tuple[datetime, UUID]:
    at, ident = decode_cursor(after, 2)
    try:
        return datetime.fromisoformat(at), UUID(ident)
    except ValueError as error:
        raise unknown_cursor() from error


def _check(scan: Scan) -> None:
    if not scan.code.strip() and scan.booking_id is None:
        raise InvalidField("code", "is required")
    if not 1 <= scan.seats <= MAX_SEATS:
        raise InvalidField("seats", f"must be from 1 to {MAX_SEATS}")
    if scan.let_in is not None and not 0 <= scan.let_in <= scan.seats:
        raise InvalidField("let_in", "must be from 0 to the number of seats")


def _was_decided_since(scan: Scan, known: CheckIn) -> bool:
    """Whether the device, without our answer to this scan, let in more than we had admitted."""
    return known.let_in is None and scan.let_in is not None and scan.let_in > len(known.seats)


def _first(session: Session, event: Event, scan: Scan) -> Told:
    code = _code_of(scan)
    booking = _find(session, scan, code)
    entry = CheckIn(
        id=scan.id,
        event_id=event.id,
        booking_id=booking.id if booking else None,
        code=_kept_code(scan),
        door=scan.door,
        actor=audit.actor(),
        at=min(scan.at or now(), now()),
        let_in=scan.let_in,
    )
    reason = why_not(session, event, booking, code)
    told = _admit(session, entry, booking, code, scan) if reason is None and booking else None
    if told is None:
        entry.answer, entry.reason = DoorAnswer.NOT_VALID.value, (reason or NotValid.UNKNOWN).value
        session.add(entry)
        told = Told(entry, booking)
    session.flush()
    return told


def _admit(
    session: Session, entry: CheckIn, booking: Booking, code: TicketCode | None, scan: Scan
) -> Told:
    known = {one.seat: one for one in admissions.of_booking(session, booking)}
    if code is not None and code.seat is not None:
        wanted = [code.seat]
    else:
        free = [seat for seat in range(1, booking.seats + 1) if seat not in known]
        wanted = free[: scan.seats] or list(known)
    free = [seat for seat in wanted if seat not in known]
    if scan.let_in == 0 and free:
        entry.answer, entry.reason = DoorAnswer.NOT_VALID.value, NotValid.REFUSED_OFFLINE.value
    else:
        entry.seats = free
        entry.answer = (DoorAnswer.ADMITTED if free else DoorAnswer.ALREADY_USED).value
    session.add(entry)
    session.flush()
    for seat in entry.seats:
        session.execute(
            insert(Admission).values(
                booking_id=booking.id,
                seat=seat,
                event_id=booking.event_id,
                check_in_id=entry.id,
                at=entry.at,
                door=entry.door,
                actor=entry.actor,
            )
        )
    earlier = [known[seat] for seat in wanted if seat in known]
    return Told(entry, booking, earlier, len(known) + len(entry.seats))


def _again(session: Session, event: Event, scan: Scan, known: CheckIn) -> Told:
    if known.event_id != event.id or known.code != _kept_code(scan):
        raise InvalidField("id", "was another scan's")
    booking = _locked(session, Booking.id == known.booking_id)
    if booking is None:
        return Told(known)
    there, code = admissions.of_booking(session, booking), _code_of(scan)
    seat = code.seat if code else None
    earlier = [one for one in there if not known.seats and seat in (None, one.seat)]
    return Told(known, booking, earlier, len(there))


def _code_of(scan: Scan) -> TicketCode | None:
    return read_code(scan.code) if scan.code else None


def _kept_code(scan: Scan) -> str:
    return scan.code.strip()[:MAX_CODE] or f"#{scan.booking_id}"


def _find(session: Session, scan: Scan, code: TicketCode | None) -> Booking | None:
    if scan.code:
        return _locked(session, Booking.reference == code.reference) if code else None
    return _locked(session, Booking.id == scan.booking_id)


def _locked(session: Session, condition: ColumnElement[bool]) -> Booking | None:
    """The booking, locked against other doors and against giving back; None if there is none.

    The lock leaves alone who books other seats: it is of this row only.
    """
    wanted = (
        select(Booking)
        .where(condition)
        .options(
            *(joinedload(Booking.event), joinedload(Booking.user)),
            joinedload(Booking.ticket_type),
        )
        .with_for_update(of=Booking, key_share=True)
    )
    rows = session.scalars(wanted, execution_options={"populate_existing": True})
    return rows.one_or_none()
