"""Mails as staff see them: what reached nobody, and what they do about it."""

from sqlalchemy import select

from app.db import db, transaction
from app.errors import MailNotFound
from app.models import Mail, MailState
from app.models.columns import now
from app.models.staff_scope import require_all_events
from app.services import audit
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor


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
