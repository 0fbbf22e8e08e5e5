"""Anonymising people: their bookings stay for the organiser's books, without personal data."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.models import (
    ApiToken,
    Booking,
    Mail,
    MailState,
    Receipt,
    SignIn,
    SignInLink,
    User,
    Voucher,
)
from app.services import mail_queue


def anonymise(session: Session, user_ids: Collection[int], at: datetime) -> None:
    """Take email, names, password, tokens, sign-ins and mails from people whose rows are locked.

    Sums, seats and the audit log, which nothing changes, stay as they are; so do the names on
    receipts that were issued, which the books have to keep.
    """
    _delete_mails(session, user_ids)
    for table in (ApiToken, SignIn, SignInLink):
        session.execute(
            delete(table)
            .where(table.user_id.in_(user_ids))
            .execution_options(synchronize_session=False)
        )
    withdraw_for_nobody(session, Voucher.email.in_(_emails_of(session, user_ids)))
    session.execute(
        # The names of who booked, and of whom the seats were for.
        update(Booking)
        .where(
            Booking.user_id.in_(user_ids),
            or_(Booking.guest_name.is_not(None), Booking.issued_for.is_not(None)),
        )
        .values(guest_name=None, issued_for=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        # Receipts are to be kept, with the name that they were issued to; nothing needs the email.
        update(Receipt)
        .where(Receipt.user_id.in_(user_ids), Receipt.buyer_email != "")
        .values(buyer_email="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(User)
        .where(User.id.in_(user_ids))
        .values(
            deleted_at=at,
            email=func.concat("deleted-", cast(User.id, Text), "@invalid"),
            name="",
            password_hash=None,
        )
        .execution_options(synchronize_session=False)
    )


def withdraw_for_nobody(session: Session, which: ColumnElement[bool]) -> Sequence[int]:
    """Take the email and the note from these vouchers, and withdraw them: without its email, one
    would be anybody's. Returns their ids."""
    gone = update(Voucher).where(which).values(email=None, note="", withdrawn=True)
    options = {"synchronize_session": False}
    return session.scalars(gone.returning(Voucher.id), execution_options=options).all()


def _emails_of(session: Session, user_ids: Collection[int]) -> list[str]:
    theirs = select(func.lower(User.email)).where(User.id.in_(user_ids))
    return list(session.scalars(theirs))


def _delete_mails(session: Session, user_ids: Collection[int]) -> None:
    to_them = func.lower(Mail.recipient).in_(_emails_of(session, user_ids))
    deleted = session.execute(
        delete(Mail)
        # Those to addresses that had no account yet are few, and found by the same index.
        .where(or_(Mail.user_id.in_(user_ids), Mail.user_id.is_(None) & to_them))
        .returning(Mail.guest_message_id, Mail.state)
        .execution_options(synchronize_session=False)
    )
    unsent = [id for id, state in deleted if id is not None and state != MailState.SENT]
    mail_queue.count_dropped(session, unsent)
