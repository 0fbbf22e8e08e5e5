"""The part of `flask worker` that payment providers are the others of: works what they tell, asks
what they have not told, closes pages in time, and has paid back what is owed."""

import logging
import time
from threading import Event as Signal

from flask import Flask
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.errors import OutcomeUnknown, PaymentNotOffered
from app.lib.payment_providers import Away, Refused
from app.services import payment_pages, provider_events, provider_refunds
from app.services.payment_providers import Providers

POLL = 0.5
"""Seconds between looks: a buyer waits for the ticket."""
PAUSE = 5.0
"""Seconds until the next look after an error."""
PRUNE_EVERY = 3600.0

log = logging.getLogger(__name__)


class PaymentWorker:
    """Several may run, and any may die anywhere: each step can be repeated."""

    def __init__(self, app: Flask, providers: Providers, stopping: Signal | None = None) -> None:
        self._app, self._providers = app, providers
        self.stopping = stopping or Signal()
        self._prune_at = 0.0

    def run(self) -> None:
        """Work until `stopping` is set."""
        pause = 0.0
        while not self.stopping.wait(pause):
            try:
                pause = 0.0 if self.work() else POLL
            except (DBAPIError, TimeoutError, OutcomeUnknown) as error:
                log.warning("The database did not answer: %s", type(error).__name__)
                pause = PAUSE
            except Exception as error:
                # A fault of ours: the other orders' payments don't end with it.
                log.warning("Payments could not be worked", extra={"error": type(error).__name__})
                pause = PAUSE

    def work(self) -> bool:
        """Do the next piece of work; returns whether there may be more."""
        desk = self._app.extensions["desk"]
        with self._app.app_context():
            worked = provider_events.work_due(desk)
        with self._app.app_context():
            asked = self._ask_next()
        with self._app.app_context():
            sent = provider_refunds.send_next(self._providers)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_EVERY
            with self._app.app_context():
                provider_events.prune()
        return worked or asked or sent

    def _ask_next(self) -> bool:
        payment = payment_pages.claim_due()
        if payment is None:
            return False
        payment_id = payment.id
        facts = {"provider": payment.provider, "payment_id": payment_id}
        try:
            payment_pages.look(self._app.extensions["desk"], self._providers, payment)
        except Away as error:
            # It is asked again soon, see `payment_pages.ASK_AGAIN`.
            log.warning("A payment provider did not answer", extra={**facts, "why": str(error)})
        except (Refused, PaymentNotOffered) as error:
            log.warning("A payment provider tells nothing", extra={**facts, "why": str(error)})
            payment_pages.put_off(payment_id)
        return True
