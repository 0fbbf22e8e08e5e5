"""A receipt as a PDF, for whoever paid and for staff."""

from flask import Response, request

from app.edge.downloads import disposition
from app.edge.rate_limits import client_network
from app.lib.fair_queue import on_behalf_of
from app.models import Receipt
from app.presenters.receipt_papers import receipt_file_name
from app.services import ticket_files


def receipt_pdf(receipt: Receipt, email: str | None) -> Response:
    """Return the PDF; raises what `ticket_files.pdf_of_receipt` raises."""
    name = receipt_file_name(receipt)
    with on_behalf_of(client_network(request.remote_addr)):
        content = ticket_files.pdf_of_receipt(receipt, email)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("attachment", name)
    return response
