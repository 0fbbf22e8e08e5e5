"""Mails as staff see them: what reached nobody, and how much waits."""

from typing import NamedTuple

from sqlalchemy import func, select

from app.db import db, transaction
from app.errors import MailNotFound
from app.models import Mail, MailState
from app.models.columns import now
from app.models.staff_scope import require_all_events
from app.services import audit
from app.services.mail_queue import WAITING
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor


class Backlog(NamedTuple):
    queued: int
    given_up: int
    sent: int
    """Of the last thirty days."""
    oldest: float
    """Seconds that the oldest unsent mail has waited; 0 if there is none."""


def list_given_up(*, limit: int = 50, after: str | None = None) -> Page[Mail]:
    """Mails that reached nobody, the latest first. Raises `InvalidField`, `NotAllowed`."""
    require_all_events()
    query = select(Mail).where(Mail.state == MailState.GIVEN_UP.value).order_by(Mail.id.desc())
    if after:
        query = query.where(Mail.id < decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def send_again(mail_id: int) -> None:
    """Queue a mail anew that was given up; for any other nothing changes.

    Raises `MailNotFound`, `NotAllowed`.
    """
    require_all_events()
    with transaction() as session:
        mail = session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
        if mail is None:
            raise MailNotFound(mail_id)
        if mail.state != MailState.GIVEN_UP:
            return
        mail.state, mail.attempts, mail.due_at = MailState.QUEUED.value, 0, now()
        audit.record("mail.sent_again", after={"letter": mail.letter, "booking": mail.booking_id})


def backlog() -> Backlog:
    """How many mails wait, were given up and were sent, and how long the oldest has waited."""
    by_state = select(Mail.state, func.count()).group_by(Mail.state)
    counts = {row[0]: row[1] for row in db.session.execute(by_state)}
    age = func.extract("epoch", func.now() - func.min(Mail.created_at))
    oldest = db.session.scalar(select(age).where(WAITING))
    queued = counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0)
    given_up, sent = counts.get(MailState.GIVEN_UP, 0), counts.get(MailState.SENT, 0)
    return Backlog(queued, given_up, sent, float(oldest or 0))
