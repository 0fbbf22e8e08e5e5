"""Tickets as files that their guests keep."""

from app.config import Settings
from app.db import db
from app.errors import Busy, NoTicket, TooManyRequests
from app.lib.fair_queue import QueueFull, WaitedTooLong
from app.lib.papers import Paper
from app.models import Booking
from app.presenters.ticket_papers import ticket_code_facts, ticket_facts

_paper = Paper("ticket")
_RETRY_AFTER = 2
"""Seconds that a full queue of one address takes at most: four PDFs of a thousand seats."""


def pdf_of(booking: Booking, settings: Settings) -> bytes:
    """Return the booking's ticket as a PDF. `booking` has its event and its user.

    Raises `NoTicket` for one that lets nobody in any more, `TooManyRequests` when too many PDFs
    wait for the caller's address, and `Busy` after too long a wait for others.
    """
    if not booking.stands:
        raise NoTicket(booking.id)
    facts = ticket_facts(booking, settings)
    codes = ticket_code_facts(booking)
    # Return the connection to the pool before waiting in the queue.
    db.session.commit()
    try:
        return _paper.pdf({**facts, "codes": codes})
    except QueueFull:
        raise TooManyRequests(_RETRY_AFTER) from None
    except WaitedTooLong:
        raise Busy from None
