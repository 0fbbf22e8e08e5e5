"""How much is to be sent, and whether anybody sends it."""

from typing import NamedTuple

from sqlalchemy import func, select

from app.db import db
from app.models import JournalEntry, Mail, MailState


class Backlog(NamedTuple):
    queued: int
    given_up: int
    sent: int
    """Of the last thirty days."""
    oldest: float
    """Seconds that the oldest waits that nobody has tried to send; 0 if there is none."""
    untold: int
    """Entries of the journal of which no letters are made yet."""


def backlog() -> Backlog:
    """How many mails wait, were given up and were sent, and how long the oldest has waited."""
    by_state = select(Mail.state, func.count()).group_by(Mail.state)
    counts = {row[0]: row[1] for row in db.session.execute(by_state)}
    queued = counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0)
    untold = db.session.scalar(select(func.count()).select_from(JournalEntry)) or 0
    given_up, sent = counts.get(MailState.GIVEN_UP, 0), counts.get(MailState.SENT, 0)
    return Backlog(queued, given_up, sent, oldest(), untold)


def oldest() -> float:
    """Seconds that the oldest letter waits that nobody has tried to send; 0 if there is none."""
    untried = select(func.min(Mail.created_at)).where(Mail.is_waiting(), Mail.attempts == 0)
    untold = select(func.min(JournalEntry.at))
    since = func.least(untried.scalar_subquery(), untold.scalar_subquery())
    waits = db.session.scalar(select(func.extract("epoch", func.now() - since)))
    return float(waits or 0)
