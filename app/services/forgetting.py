"""Forgetting guests: those without a password are anonymised some time after their last event.

In batches, each a short transaction, so that buyers never wait long for a guest's row.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select, update

from app.db import db, transaction
from app.models import ApiToken, Booking, Event, SignIn, User, Voucher
from app.models.columns import now
from app.models.user import NOBODIES
from app.services import audit
from app.services.anonymising import anonymise, withdraw_for_nobody

BATCH = 500
"""Guests looked at in one transaction."""
KEEP_OWED = timedelta(days=3 * 365)
"""After the date of an event that fell out; nothing says whether its money was given back."""
_GUEST = User.password_hash.is_(None) & User.deleted_at.is_(None)


class Step(NamedTuple):
    looked_at: int
    forgotten: int


def count_guests() -> int:
    """How many people without a password there are."""
    return db.session.scalars(select(func.count()).select_from(User).where(_GUEST)).one()


def forget_guests(days: int, *, dry_run: bool = False) -> Iterator[Step]:
    """Anonymise guests whose last event ended `days` ago, batch by batch.

    Whoever is being changed at the moment is left to the next run. Each batch is recorded in the
    audit log. With `dry_run` nothing changes, and steps say what would be. Names of walk-ins
    and of friends without an email, who are nobody's, go after as many days, and so do emails of
    those for whom a voucher was.
    """
    last = 0
    while ids := _next_ids(last):
        last = ids[-1]
        yield Step(len(ids), _forget(ids, now() - timedelta(days=days), dry_run=dry_run))
    yield Step(0, _forget_nobodies(now() - timedelta(days=days), dry_run=dry_run))
    yield Step(0, _forget_invited(now() - timedelta(days=days), dry_run=dry_run))


def _next_ids(last: int) -> list[int]:
    query = select(User.id).where(_GUEST, User.id > last).order_by(User.id).limit(BATCH)
    ids = list(db.session.scalars(query))
    db.session.rollback()
    return ids


def _forget(ids: list[int], cutoff: datetime, *, dry_run: bool) -> int:
    old = select(User.id).where(User.id.in_(ids), _GUEST, _may_be_forgotten(cutoff))
    if dry_run:
        return len(db.session.scalars(old).all())
    with transaction() as session:
        locked = session.scalars(old.order_by(User.id).with_for_update(skip_locked=True)).all()
        # Asked again: before its row was locked, a guest may have booked anew.
        still = session.scalars(old.where(User.id.in_(locked))).all()
        if still:
            anonymise(session, still, now())
            audit.record("guests.forgotten", after={"guests": len(still)})
    return len(still)


def _forget_nobodies(cutoff: datetime, *, dry_run: bool) -> int:
    named = (
        select(Booking.id)
        .join(User, User.id == Booking.user_id)
        .join(Event, Event.id == Booking.event_id)
        .where(func.lower(User.email).in_(NOBODIES), Booking.guest_name.is_not(None))
        .where(Event.are_over(cutoff))
    )
    if dry_run:
        return db.session.scalars(select(func.count()).select_from(named.subquery())).one()
    forgotten = 0
    while True:
        with transaction() as session:
            some = named.limit(BATCH).with_for_update(of=Booking, skip_locked=True)
            gone = update(Booking).where(Booking.id.in_(some.scalar_subquery()))
            gone = gone.values(guest_name=None).returning(Booking.id)
            options = {"synchronize_session": False}
            ids = session.scalars(gone, execution_options=options).all()
            if not ids:
                return forgotten
            forgotten += len(ids)
            audit.record("guests.forgotten", after={"guests": len(ids)})


def _forget_invited(cutoff: datetime, *, dry_run: bool) -> int:
    """Whom a voucher was for, whether they have booked with it or not."""
    of_old = (
        select(Voucher.id)
        .join(Event, Event.id == Voucher.event_id)
        .where(Voucher.email.is_not(None), Event.are_over(cutoff))
    )
    if dry_run:
        return db.session.scalars(select(func.count()).select_from(of_old.subquery())).one()
    forgotten = 0
    while True:
        with transaction() as session:
            some = of_old.limit(BATCH).with_for_update(of=Voucher, skip_locked=True)
            ids = withdraw_for_nobody(session, Voucher.id.in_(some.scalar_subquery()))
            if not ids:
                return forgotten
            forgotten += len(ids)
            audit.record("guests.forgotten", after={"guests": len(ids)})


def _may_be_forgotten(cutoff: datetime) -> ColumnElement[bool]:
    keeping = or_(
        ~Event.are_over(cutoff),
        Booking.is_owed & ~Event.are_over(now() - KEEP_OWED),
    )
    kept = select(Booking.id).join(Event, Event.id == Booking.event_id)
    return (
        (User.created_at < cutoff)
        & ~kept.where(Booking.user_id == User.id, keeping).exists()
        & ~exists().where(SignIn.user_id == User.id, SignIn.expires_at > func.now())
        & ~exists().where(ApiToken.user_id == User.id)
    )
