"""The part of `flask worker` that puts seats on sale again which were reserved and not paid."""

import logging
from threading import Event as Signal

from flask import Flask
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.services import reservations

POLL = 0.5
"""Seconds between looks. Seats are to be on sale within a second of a reservation's end."""
PAUSE = 5.0
"""Seconds until the next look after an error."""

log = logging.getLogger(__name__)


def run(app: Flask, stopping: Signal) -> None:
    """Work until `stopping` is set. Several may run: whoever is second finds nothing to end."""
    pause = POLL
    while not stopping.wait(pause):
        try:
            with app.app_context():
                pause = POLL if look(app) else PAUSE
        except (DBAPIError, TimeoutError) as error:
            log.warning("The database did not answer: %s", type(error).__name__)
            pause = PAUSE


def look(app: Flask) -> bool:
    """End what is due, event by event; returns whether all of it could be ended."""
    desk, well = app.extensions["desk"], True
    for event_id in reservations.due_events():
        try:
            reservations.expire(event_id, desk)
        except Exception as error:
            # Somebody holds the row, or there is a fault of ours: the other events' seats don't
            # wait for that.
            facts = {"event_id": event_id, "error": type(error).__name__}
            log.warning("Reservations could not be ended", extra=facts)
            well = False
    return well
