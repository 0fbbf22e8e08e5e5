"""What `flask worker` does with letters: makes them of the journal, and sends one after the other.

Several may run. Each step is a transaction of its own, so a worker may die anywhere.
"""

import logging
import time
from collections.abc import Callable
from threading import Event as Signal

from flask import Flask
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.config import Settings
from app.db import db
from app.errors import OutcomeUnknown
from app.lib.emails import ascii_domain
from app.lib.mail_server import server_of
from app.lib.smtp import Away, Interrupted, Refused, SMTPConnection
from app.models import Mail
from app.services import letters, mail_queue, messages, reminders
from app.services.mail_relay import MAX_ENTRIES, relay, unknown_kinds

POLL = 1.0
"""Seconds between looks at an empty outbox. Polling survives a restart of PostgreSQL."""
LONGEST_PAUSE = 60.0
"""Seconds between looks for a mail server that is away."""
PRUNE_EVERY = 3600.0
REMIND_EVERY = 60.0
DATABASE_AWAY = (DBAPIError, TimeoutError, OutcomeUnknown)

log = logging.getLogger(__name__)


class MailWorker:
    def __init__(self, app: Flask, settings: Settings, stopping: Signal | None = None) -> None:
        self.stopping = stopping or Signal()
        """Set to end between two mails."""
        self._app, self._settings = app, settings
        self._smtp = SMTPConnection(server_of(settings.mail_url))
        self._pause, self._paused_until = 0.0, 0.0
        self._prune_at = self._remind_at = 0.0
        self._unknown: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Work until `stopping` is set."""
        log.info("The worker begins")
        while not self.stopping.is_set():
            if not self.work():
                # Nothing to send: a server must not be kept waiting.
                self._smtp.close()
                self.stopping.wait(POLL)
        self._smtp.close()
        log.info("The worker ends")

    def work(self) -> bool:
        """Do the next piece of work; returns whether there may be more."""
        try:
            self._remind()
            with self._app.app_context():
                entries = relay()
            with self._app.app_context():
                sent = self._send_next()
            self._prune()
        except DATABASE_AWAY as error:
            log.warning("The database did not answer: %s", type(error).__name__)
            return False
        return sent or entries == MAX_ENTRIES

    def _send_next(self) -> bool:
        if time.monotonic() < self._paused_until or self.stopping.is_set():
            return False
        mail = mail_queue.claim()
        if mail is None:
            return False
        db.session.expunge(mail)
        self._send(mail)
        return True

    def _send(self, mail: Mail) -> None:
        try:
            letter = letters.render(mail)
            message = messages.message_of(letter, mail, self._settings)
        except letters.NoLongerTrue:
            mail_queue.drop(mail)
            return
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # A fault of ours: others go on, and this one may be sent again once it is mended.
            log.exception("A letter could not be written", extra={"mail_id": mail.id})
            mail_queue.give_up(mail, f"could not be written ({type(error).__name__})")
            return
        # The server may take long: no transaction stays open meanwhile.
        db.session.rollback()
        recipient = ascii_domain(mail.recipient)
        try:
            self._smtp.send(message, ascii_domain(self._settings.sender), recipient)
        except Away as error:
            self._wait_for_server(error.code)
            self._settle(mail, mail_queue.put_back, str(error))
        except Refused as error:
            self._pause = 0.0
            settle = mail_queue.give_up if error.for_good else mail_queue.retry
            log.warning(
                "A letter was refused", extra={"mail_id": mail.id, "for_good": error.for_good}
            )
            self._settle(mail, settle, str(error))
        except Interrupted as error:
            log.warning("The mail server broke off", extra={"mail_id": mail.id})
            self._settle(mail, mail_queue.retry, str(error))
        else:
            self._pause = 0.0
            self._settle(mail, mail_queue.sent)
            log.info("A letter was sent", extra={"mail_id": mail.id, "letter": mail.letter})

    def _settle(self, mail: Mail, outcome: Callable[..., object], *reason: str) -> None:
        """Write down what became of it, for as long as the lease lasts: it was sent, or was not.

        A worker that is told to end meanwhile leaves it to another, who sends it once more.
        """
        give_up = time.monotonic() + mail_queue.LEASE.total_seconds()
        while True:
            try:
                outcome(mail, *reason)
                return
            except DATABASE_AWAY as error:
                db.session.rollback()
                if time.monotonic() > give_up or self.stopping.wait(POLL):
                    raise
                log.warning("Still to be written down: %s", type(error).__name__)

    def _wait_for_server(self, code: str) -> None:
        self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE)
        self._paused_until = time.monotonic() + self._pause
        facts = {"smtp": code, "pause_s": self._pause}
        log.warning("The mail server takes nothing", extra=facts)

    def _prune(self) -> None:
        if time.monotonic() >= self._prune_at:
            with self._app.app_context():
                mail_queue.prune()
            self._prune_at = time.monotonic() + PRUNE_EVERY

    def _remind(self) -> None:
        if time.monotonic() >= self._remind_at:
            with self._app.app_context():
                reminders.note_due()
                self._tell_unknown()
            self._remind_at = time.monotonic() + REMIND_EVERY

    def _tell_unknown(self) -> None:
        """Say once of each kind of entry or letter that it waits for a later version's worker."""
        waiting = {("entry", kind) for kind in unknown_kinds()}
        waiting |= {("letter", name) for name in mail_queue.unknown_letters()}
        for what, kind in waiting - self._unknown:
            log.warning("Left to a newer worker: an unknown kind of %s", what, extra={"kind": kind})
        self._unknown |= waiting
