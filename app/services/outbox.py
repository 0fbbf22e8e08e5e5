"""The outbox: letters that are owed to people, written in the transaction of what they tell of.

Where no mail server is set, nothing is written: letters of months ago must not go out once there
is one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import current_app
from flask_babel import get_locale
from sqlalchemy import case, delete, update

from app.config import Settings
from app.db import db
from app.models import Happened, JournalEntry, Mail, MailState, User
from app.models.columns import now

JSON = str | int | float | bool | None | list[Any] | dict[str, Any]


def is_configured() -> bool:
    """Whether letters are sent at all."""
    return bool(cast("Settings", current_app.extensions["settings"]).mail_url)


def enqueue(
    letter: str,
    to: str,
    *,
    user: User | None = None,
    booking_id: int | None = None,
    event_id: int | None = None,
    facts: Mapping[str, JSON] | None = None,
    locale: str | None = None,
    bulk: bool = False,
) -> None:
    """Add a letter to the current transaction; it is sent after COMMIT, as soon as may be.

    `letter` names its templates in `templates/letters`, which are given the facts, the user, and
    booking and event where there are any. A `bulk` letter lets those go first that are none.
    """
    if not is_configured():
        return
    mail = Mail(
        letter=letter,
        bulk=bulk,
        recipient=to,
        locale=locale or str(get_locale() or "en_IN"),
        user_id=user.id if user is not None else None,
        booking_id=booking_id,
        event_id=event_id,
        facts=dict(facts or {}),
    )
    db.session.add(mail)


def note(
    kind: Happened,
    *,
    event_id: int,
    booking_ids: list[int] | None = None,
    facts: Mapping[str, JSON] | None = None,
) -> None:
    """Add an entry to the journal, in the current transaction; the worker makes letters of it."""
    if not is_configured():
        return
    entry = JournalEntry(
        kind=kind.value,
        event_id=event_id,
        booking_ids=booking_ids or [],
        facts=dict(facts or {}),
    )
    db.session.add(entry)


def redirect(booking_id: int, former_id: int, user: User, others: Sequence[int] = ()) -> None:
    """Send the booking's letters to another user that have not reached the former one, except its
    ticket or reservation, which is to be sent anew; in the current transaction.

    That letter also tells of the `others` of its order, which are the former's still: to
    them it goes on being sent. What a worker is sending at this moment can't be stopped.
    """
    unsent = (
        Mail.booking_id == booking_id,
        Mail.user_id == former_id,
        Mail.state.in_([MailState.QUEUED.value, MailState.GIVEN_UP.value]),
    )
    ticket = (*unsent, Mail.letter.in_(("ticket", "reservation")))
    for change in (
        update(Mail).where(*ticket).values(booking_id=others[0])
        if others
        else delete(Mail).where(*ticket),
        update(Mail)
        .where(*unsent)
        .values(
            recipient=user.email,
            user_id=user.id,
            state=MailState.QUEUED.value,
            attempts=0,
            due_at=now(),
            last_error=None,
        ),
    ):
        db.session.execute(change.execution_options(synchronize_session=False))


def follow(user: User, former: str) -> None:
    """Send the letters of the user's bookings that wait for their former email to the present one,
    at once; in the current transaction.

    Letters of the account stay where they are: a link proves the address that it was asked for, and
    news of a password or an email are for whoever reads there. What was given up waits for staff to
    send it again, to the present email.
    """
    unsent = (
        Mail.user_id == user.id,
        Mail.recipient == former,
        Mail.booking_id.is_not(None),
        Mail.state.in_([MailState.QUEUED.value, MailState.GIVEN_UP.value]),
    )
    is_queued = Mail.state == MailState.QUEUED.value
    values = {
        "recipient": user.email,
        "attempts": case((is_queued, 0), else_=Mail.attempts),
        "due_at": case((is_queued, now()), else_=Mail.due_at),
        "last_error": case((is_queued, None), else_=Mail.last_error),
    }
    change = update(Mail).where(*unsent).values(**values)
    db.session.execute(change.execution_options(synchronize_session=False))
