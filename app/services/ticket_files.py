"""Tickets and receipts as files that their guests keep."""

from app.config import Settings
from app.errors import NoTicket
from app.lib.papers import Paper
from app.models import Booking, Receipt
from app.presenters.receipt_papers import receipt_words
from app.presenters.ticket_papers import ticket_code_facts, ticket_facts
from app.services import paper_files

_ticket, _receipt = Paper("ticket"), Paper("receipt")


def pdf_of(booking: Booking, settings: Settings) -> bytes:
    """Return the booking's ticket as a PDF. `booking` has its event and its user.

    Raises `NoTicket` for one that lets nobody in any more, and what `paper_files.made` raises.
    """
    if not booking.stands:
        raise NoTicket(booking.id)
    facts = ticket_facts(booking, settings)
    return paper_files.made(_ticket, {**facts, "codes": ticket_code_facts(booking)})


def pdf_of_receipt(receipt: Receipt, email: str | None) -> bytes:
    """Return the receipt as a PDF; `email` is the buyer's, as far as its reader may see it.

    Raises what `paper_files.made` raises.
    """
    return paper_files.made(_receipt, receipt_words(receipt, email))
