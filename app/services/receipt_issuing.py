"""Issuing receipts and credit notes: by the worker, some hundred in a transaction, or for one order
as soon as somebody asks.

Recording money waits for no number: what awaits a receipt is found by a partial index.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from flask import current_app
from sqlalchemy import Select, and_, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.booking.connections import retry_if_ended
from app.config import Settings
from app.db import transaction
from app.models import (
    Booking,
    Payment,
    PaymentState,
    Receipt,
    Refund,
    RefundState,
    TicketType,
    User,
)
from app.services import receipt_contents, receipt_numbers
from app.services.receipt_contents import TypeNames
from app.services.receipt_numbers import Kind

TOGETHER = 200
"""Receipts that share a transaction, which holds the lock of their series."""
_IS_AWAITED = and_(Payment.awaits_receipt, Payment.state == PaymentState.PAID.value)
_IS_NOTE_AWAITED = and_(Refund.awaits_credit_note, Refund.state == RefundState.PAID_BACK.value)


def issue_due(most: int = TOGETHER) -> int:
    """Issue what is awaited longest; returns how many payments and refunds were looked at.

    Several may do so at once: what one has taken up, another leaves.
    """
    return _issue_receipts(None, most) + _issue_credit_notes(None, most)


def issue_for(payment_ids: Sequence[int]) -> None:
    """Issue what these payments and their refunds await, in the presence of whoever else does."""
    if payment_ids:
        _issue_receipts(payment_ids, TOGETHER)
        _issue_credit_notes(payment_ids, TOGETHER)


@retry_if_ended
def _issue_receipts(payment_ids: Sequence[int] | None, most: int) -> int:
    with transaction() as session:
        found = _take_payments(session, payment_ids, most)
        if not found:
            return 0
        without = _owed_whole(session, found)
        brought = [one for one in found if one.id not in without]
        if brought:
            names = _type_names(session, {one.booking.event_id for one in brought})
            settings = _settings()
            receipts = [receipt_contents.receipt_of(one, names, settings) for one in brought]
            receipt_numbers.take(session, Kind.RECEIPT, len(receipts), settings).give(receipts)
            session.add_all(receipts)
        _no_longer(session, Payment, [one.id for one in found], awaits_receipt=False)
    return len(found)


@retry_if_ended
def _issue_credit_notes(payment_ids: Sequence[int] | None, most: int) -> int:
    with transaction() as session:
        found = _take_refunds(session, payment_ids, most)
        if not found:
            return 0
        receipts = _receipts_of(session, found)
        # Of a payment that brought no seats there is no receipt to be corrected.
        due = [one for one in found if one.payment_id in receipts and one.booking_id]
        if due:
            # Locked before what is credited already is read: nobody else credits meanwhile.
            numbers = receipt_numbers.take(session, Kind.CREDIT_NOTE, len(due), _settings())
            notes = _credit_notes(session, due, receipts)
            numbers.give(notes)
            session.add_all(notes)
        _no_longer(session, Refund, [one.id for one in found], awaits_credit_note=False)
    return len(found)


def _take_payments(
    session: Session, payment_ids: Sequence[int] | None, most: int
) -> Sequence[Payment]:
    """The payments that await a receipt, locked; of the named ones, also those that somebody else
    is just issuing, once that is done."""
    awaited = (
        select(Payment.id, Booking.user_id)
        .join(Payment.booking)
        .where(_IS_AWAITED)
        .order_by(Payment.paid_at, Payment.id)
        .limit(most)
    )
    ids, people = _candidates(session, awaited, Payment, payment_ids)
    if not ids:
        return ()
    query = (
        select(Payment)
        .join(Payment.booking)
        .where(_IS_AWAITED, Payment.id.in_(ids), Booking.user_id.in_(people))
        .order_by(Payment.id)
        .options(
            contains_eager(Payment.booking).options(
                joinedload(Booking.event), joinedload(Booking.user)
            )
        )
    )
    found = session.scalars(_locked(query, Payment, wait=payment_ids is not None)).all()
    # The longest awaited first, as far as they are known here.
    return sorted(found, key=lambda one: (one.paid_at, one.id))


def _take_refunds(
    session: Session, payment_ids: Sequence[int] | None, most: int
) -> Sequence[Refund]:
    """As payments; only those whose payment awaits nothing any more."""
    awaited = (
        select(Refund.id, Booking.user_id)
        .join(Refund.payment)
        .join(Payment.booking)
        .where(_IS_NOTE_AWAITED, ~Payment.awaits_receipt)
        .order_by(Refund.done_at, Refund.id)
        .limit(most)
    )
    ids, _people = _candidates(session, awaited, Refund, payment_ids)
    if not ids:
        return ()
    query = select(Refund).where(_IS_NOTE_AWAITED, Refund.id.in_(ids)).order_by(Refund.id)
    found = session.scalars(_locked(query, Refund, wait=payment_ids is not None)).all()
    return sorted(found, key=lambda one: (one.done_at, one.id))


def _candidates(
    session: Session, awaited: Any, of: Any, payment_ids: Sequence[int] | None
) -> tuple[Sequence[int], Sequence[int]]:
    """What may be issued, and whom to, whose rows are shared now: what is read of them after this
    is true until the end.

    Whoever deletes an account locks it before its payments. Who waits here has the same order; who
    skips what is locked, so that several find work, waits for nobody.
    """
    if payment_ids is None:
        awaited = _locked(awaited, of, wait=False)
    else:
        payment = Payment.id if of is Payment else Refund.payment_id
        awaited = awaited.where(payment.in_(payment_ids))
    rows = session.execute(awaited).all()
    if not rows:
        return (), ()
    users = select(User.id).where(User.id.in_({user_id for _id, user_id in rows}))
    shared = users.order_by(User.id).with_for_update(
        read=True, key_share=True, skip_locked=payment_ids is None
    )
    people = session.scalars(shared).all()
    return [id for id, user_id in rows if user_id in set(people)], people


def _locked(query: Select[Any], of: Any, *, wait: bool) -> Select[Any]:
    locked = query.with_for_update(of=of, key_share=True, skip_locked=not wait)
    return locked.execution_options(populate_existing=True)


def _owed_whole(session: Session, found: Iterable[Payment]) -> set[int]:
    """Those that brought no seats, so that all of it is owed back."""
    ids = [one.id for one in found]
    query = select(Refund.payment_id).where(Refund.payment_id.in_(ids), Refund.booking_id.is_(None))
    return set(session.scalars(query))


def _type_names(session: Session, event_ids: Iterable[int]) -> TypeNames:
    columns = TicketType.event_id, TicketType.id, TicketType.name, TicketType.is_default
    query = select(*columns).where(TicketType.event_id.in_(list(event_ids)))
    names: dict[tuple[int, int | None], str] = {}
    for event_id, type_id, name, is_default in session.execute(query):
        names[event_id, type_id] = name
        if is_default:
            names[event_id, None] = name
    return names


def _receipts_of(session: Session, found: Iterable[Refund]) -> Mapping[int, Receipt]:
    ids = [one.payment_id for one in found]
    query = select(Receipt).where(Receipt.payment_id.in_(ids), Receipt.refund_id.is_(None))
    return {one.payment_id: one for one in session.scalars(query)}


def _credit_notes(
    session: Session, due: Sequence[Refund], receipts: Mapping[int, Receipt]
) -> list[Receipt]:
    """The notes, which have the tax together that their receipts have, once all is credited."""
    before = _credited(session, receipts)
    rows = select(Booking).where(Booking.id.in_([one.booking_id for one in due]))
    seats = {one.id: one for one in session.scalars(rows)}
    names = _type_names(session, {one.event_id for one in seats.values()})
    notes = []
    for refund in due:
        done = before.get(refund.payment_id, 0)
        receipt, row = receipts[refund.payment_id], seats[cast("int", refund.booking_id)]
        notes.append(receipt_contents.credit_note_of(refund, receipt, row, done, names))
        before[refund.payment_id] = done + refund.amount_minor
    return notes


def _credited(session: Session, payment_ids: Iterable[int]) -> dict[int, int]:
    """What earlier notes credit, by payment."""
    query = (
        select(Receipt.payment_id, func.sum(Receipt.amount_minor))
        .where(Receipt.payment_id.in_(list(payment_ids)), Receipt.refund_id.is_not(None))
        .group_by(Receipt.payment_id)
    )
    return {payment_id: int(amount) for payment_id, amount in session.execute(query)}


def _no_longer(session: Session, of: Any, ids: Sequence[int], **values: bool) -> None:
    change = update(of).where(of.id.in_(ids)).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
