"""The queue of mails: claiming one, and what became of it. The rows are the only truth.

A claimed mail is due again after `LEASE`: whoever died with it leaves it to another, who sends it
with the same Message-ID. Two letters beat none.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.models import GuestMessage, Mail, MailState
from app.models.columns import now
from app.services import letters

LEASE = timedelta(minutes=3)
"""How long a worker may have a mail; longer than a slow conversation with the server."""
RETRY_AFTER = [timedelta(minutes=m) for m in (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60)]
"""Waits between attempts, each up to a fifth longer; after the last a mail is given up."""
KEEP_SENT = timedelta(days=30)
"""How long it is known to whom was written; what was written is not kept at all."""


def claim() -> Mail | None:
    """Take the next mail that is due, for `LEASE`; letters that somebody waits for go first.

    A letter that this version does not know is left to a worker that does.
    """
    with transaction() as session:
        due = (
            select(Mail)
            .where(Mail.is_waiting(), Mail.due_at <= func.now(), Mail.letter.in_(letters.names()))
            .order_by(Mail.bulk, Mail.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        mail = session.scalars(due).one_or_none()
        if mail is not None:
            mail.state, mail.attempts = MailState.SENDING.value, mail.attempts + 1
            mail.due_at = now() + LEASE
    return mail


def unknown_letters() -> Sequence[str]:
    """The names of letters that wait for a worker of a later version."""
    unknown = Mail.letter.not_in(letters.names())
    return db.session.scalars(
        select(Mail.letter).where(Mail.is_waiting(), unknown).distinct()
    ).all()


def sent(mail: Mail) -> None:
    """Note that the server took it; its facts go, which may hold a secret."""
    with transaction() as session:
        session.execute(
            update(Mail)
            .where(Mail.id == mail.id, Mail.state != MailState.SENT.value)
            .values(state=MailState.SENT.value, sent_at=func.now(), facts={}, last_error=None)
            .execution_options(synchronize_session=False)
        )


def drop(mail: Mail) -> None:
    """Forget a letter that would no longer be true; a message to all guests counts it."""
    with transaction() as session:
        gone = (
            delete(Mail)
            .where(*_ours(mail))
            .returning(Mail.guest_message_id)
            .execution_options(synchronize_session=False)
        )
        if message_id := session.scalar(gone):
            count_dropped(session, [message_id])


def count_dropped(session: Session, message_ids: Iterable[int]) -> None:
    """Count letters that are not sent any more, by the messages to all guests that they carry."""
    for message_id, count in sorted(Counter(message_ids).items()):
        session.execute(
            update(GuestMessage)
            .where(GuestMessage.id == message_id)
            .values(dropped=GuestMessage.dropped + count)
            .execution_options(synchronize_session=False)
        )


def put_back(mail: Mail, reason: str) -> None:
    """Leave it to the next attempt at once, and do not count this one: the server was away."""
    _settle(mail, MailState.QUEUED, reason, timedelta(0), attempts=mail.attempts - 1)


def retry(mail: Mail, reason: str) -> bool:
    """Try again later, or give it up after the last attempt; returns whether it is tried again."""
    if mail.attempts > len(RETRY_AFTER):
        give_up(mail, reason)
        return False
    wait = RETRY_AFTER[mail.attempts - 1] * random.uniform(1, 1.2)  # noqa: S311
    _settle(mail, MailState.QUEUED, reason, wait, attempts=mail.attempts)
    return True


def give_up(mail: Mail, reason: str) -> None:
    """Leave it to staff."""
    _settle(mail, MailState.GIVEN_UP, reason, timedelta(0), attempts=mail.attempts)


def prune() -> None:
    """Delete what was sent long ago."""
    with transaction() as session:
        old = Mail.sent_at < now() - KEEP_SENT
        session.execute(
            delete(Mail)
            .where(Mail.state == MailState.SENT.value, old)
            .execution_options(synchronize_session=False)
        )


def _settle(mail: Mail, state: MailState, reason: str, wait: timedelta, *, attempts: int) -> None:
    with transaction() as session:
        session.execute(
            update(Mail)
            .where(*_ours(mail))
            .values(
                state=state.value, attempts=attempts, due_at=now() + wait, last_error=reason[:300]
            )
            .execution_options(synchronize_session=False)
        )


def _ours(mail: Mail) -> tuple[ColumnElement[bool], ...]:
    """The condition that no other worker has taken it meanwhile."""
    state = Mail.state == MailState.SENDING.value
    return Mail.id == mail.id, state, Mail.attempts == mail.attempts
