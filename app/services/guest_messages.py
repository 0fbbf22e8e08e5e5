"""What organisers write to all guests of an event: one letter a person, in one journal entry."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db import db, transaction
from app.errors import EventNotFound, InvalidField
from app.models import Event, GuestMessage, Happened, JournalEntry, Mail, MailState
from app.models.columns import now
from app.services import audit, event_news, events, outbox

MAX_A_DAY = 5
"""Messages about one event: who gets more takes them for junk."""
MOST = 50


class Progress(NamedTuple):
    message: GuestMessage
    waiting: int
    given_up: int

    @property
    def done(self) -> int:
        """Letters that the mail server took."""
        others = self.waiting + self.given_up + self.dropped
        return max(self.message.guests - others, 0)

    @property
    def dropped(self) -> int:
        """Letters to guests who gave their seats back, or left, before they were sent."""
        return self.message.dropped


def list_messages(event_id: int) -> Sequence[Progress]:
    """The latest messages about the event and how far they are. Raises `EventNotFound`."""
    events.get_event(event_id, drafts=True)
    query = select(GuestMessage).where(GuestMessage.event_id == event_id)
    found = db.session.scalars(query.order_by(GuestMessage.id.desc()).limit(MOST)).all()
    return [_progress(message) for message in found]


def get_message(event_id: int, message_id: int) -> Progress:
    """Raises `EventNotFound`, also for a message about another event."""
    events.get_event(event_id, drafts=True)
    message = db.session.get(GuestMessage, message_id, populate_existing=True)
    if message is None or message.event_id != event_id:
        raise EventNotFound(event_id)
    return _progress(message)


def list_unreached(message_id: int) -> Sequence[Mail]:
    """The first mails of the message that were given up."""
    given_up = Mail.state == MailState.GIVEN_UP.value
    query = select(Mail).where(Mail.guest_message_id == message_id, given_up)
    return db.session.scalars(query.order_by(Mail.id).limit(MOST)).all()


def send(event_id: int, token: uuid.UUID, subject: str, body: str) -> GuestMessage:
    """Write to all guests of the event; the same token writes once.

    Raises `EventNotFound`, and `InvalidField` where nobody would get it, or too many were sent.
    """
    event = events.get_event(event_id, drafts=True)
    with transaction() as session:
        guests = event_news.count_guests(event)
        facts = {"subject": subject, "body": body, "guests": guests}
        claim = insert(GuestMessage).values(event_id=event_id, token=token, **facts)
        new = session.scalar(claim.on_conflict_do_nothing().returning(GuestMessage.id))
        sent = session.scalars(select(GuestMessage).where(GuestMessage.token == token)).one()
        if new is None:
            return sent
        _check_may_send(event, guests)
        outbox.note(Happened.MESSAGE, event_id=event_id, facts={"message": sent.id})
        audit.record("guests.written_to", event, after={"subject": subject, "guests": guests})
    return sent


def send_test(event_id: int, to: str, subject: str, body: str) -> None:
    """Send the message to one address, as a guest would get it. Raises `EventNotFound`."""
    event = events.get_event(event_id, drafts=True)
    with transaction():
        facts: dict[str, outbox.JSON] = {"title": subject, "body": body}
        outbox.enqueue("message", to, event_id=event.id, facts=facts)


def send_again(event_id: int, message_id: int) -> None:
    """Queue anew what was given up of the message. Raises `EventNotFound`."""
    message = get_message(event_id, message_id).message
    event = events.get_event(event_id, drafts=True)
    with transaction() as session:
        again = (
            update(Mail)
            .where(Mail.guest_message_id == message.id, Mail.state == MailState.GIVEN_UP.value)
            .values(state=MailState.QUEUED.value, attempts=0, due_at=func.now())
            .returning(Mail.id)
            .execution_options(synchronize_session=False)
        )
        count = len(session.execute(again).all())
        if count:
            facts = {"subject": message.subject, "guests": count}
            audit.record("guests.written_again", event, after=facts)


def _check_may_send(event: Event, guests: int) -> None:
    if not outbox.is_configured():
        raise InvalidField("subject", "can't be sent: no mail server is set")
    if not guests:
        raise InvalidField("subject", "would reach nobody: nobody has booked")
    of_today = GuestMessage.created_at > now() - timedelta(days=1)
    query = select(func.count()).where(GuestMessage.event_id == event.id, of_today)
    # The new one is among them.
    if db.session.scalars(query).one() > MAX_A_DAY:
        raise InvalidField("subject", f"is one too many: at most {MAX_A_DAY} messages a day")


def _progress(message: GuestMessage) -> Progress:
    states = select(Mail.state, func.count()).where(Mail.guest_message_id == message.id)
    counts = {row[0]: row[1] for row in db.session.execute(states.group_by(Mail.state))}
    given_up = counts.get(MailState.GIVEN_UP, 0)
    waiting = counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0)
    noted = JournalEntry.facts["message"].as_integer() == message.id
    if db.session.scalar(select(JournalEntry.id).where(noted).limit(1)) is not None:
        waiting = message.guests
    return Progress(message, waiting, given_up)
