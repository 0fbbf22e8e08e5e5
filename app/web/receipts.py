"""The receipt of a booking's order and its credit notes, for whoever paid."""

from flask import render_template

from app.edge import receipt_files
from app.edge.htmx import Answer
from app.errors import ReceiptNotFound
from app.models import Booking
from app.presenters.receipt_papers import receipt_words
from app.services import receipts
from app.web.ticket_links import TicketLinks


def receipts_page(booking: Booking, here: TicketLinks) -> Answer:
    """Show all of them on one page, to be printed. Raises `ReceiptNotFound` if there is none."""
    found = receipts.receipts_of(booking)
    if not found:
        raise ReceiptNotFound(booking.id)
    papers = [
        {**receipt_words(one, one.buyer_email), "pdf": here.to("receipt_pdf", receipt_id=one.id)}
        for one in found
    ]
    return render_template("pages/receipts.html", here=here, papers=papers)


def receipt_file(booking: Booking, receipt_id: int) -> Answer:
    """Return one as a PDF. Raises `ReceiptNotFound`, and what `paper_files.made` raises."""
    receipt = receipts.receipt_of_booking(booking, receipt_id)
    return receipt_files.receipt_pdf(receipt, receipt.buyer_email)
