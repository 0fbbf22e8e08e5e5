"""PDFs, made in their turn."""

from collections.abc import Mapping
from typing import Any

from app.db import db
from app.errors import Busy, TooManyRequests
from app.lib.fair_queue import QueueFull, WaitedTooLong
from app.lib.papers import Paper

_RETRY_AFTER = 2
"""Seconds that a full queue of one address takes at most: four PDFs of a thousand seats."""


def made(paper: Paper, facts: Mapping[str, Any]) -> bytes:
    """Return the PDF. Raises `TooManyRequests` when too many PDFs wait for the caller's address,
    and `Busy` after too long a wait for others."""
    # Return the connection to the pool before waiting in the queue.
    db.session.commit()
    try:
        return paper.pdf(facts)
    except QueueFull:
        raise TooManyRequests(_RETRY_AFTER) from None
    except WaitedTooLong:
        raise Busy from None
