"""The part of `flask worker` that issues receipts and credit notes."""

import logging
from threading import Event as Signal

from flask import Flask
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.services import receipt_issuing

POLL = 1.0
"""Seconds between looks. Whoever asks for a receipt sooner has it issued at once."""
PAUSE = 5.0
"""Seconds until the next look after an error."""

log = logging.getLogger(__name__)


def run(app: Flask, stopping: Signal) -> None:
    """Work until `stopping` is set. Several may run, and any may die anywhere."""
    pause = POLL
    while not stopping.wait(pause):
        try:
            with app.app_context():
                full = receipt_issuing.issue_due() >= receipt_issuing.TOGETHER
            pause = 0.0 if full else POLL
        except (DBAPIError, TimeoutError) as error:
            log.warning("The database did not answer: %s", type(error).__name__)
            pause = PAUSE
        except Exception as error:
            # A fault of ours; letters and payments don't end with it.
            log.warning("Receipts could not be issued", extra={"error": type(error).__name__})
            pause = PAUSE
