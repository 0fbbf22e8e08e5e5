"""A ticket as a file to keep, for its account and for whoever has its secret."""

from flask import Response, request

from app.edge.current import settings
from app.edge.downloads import disposition
from app.edge.rate_limits import client_network
from app.lib.fair_queue import on_behalf_of
from app.models import Booking
from app.presenters.ticket_papers import ticket_file_name
from app.services import ticket_files


def ticket_pdf(booking: Booking) -> Response:
    """Return the ticket as a PDF; raises what `ticket_files.pdf_of` raises."""
    name = ticket_file_name(booking)
    with on_behalf_of(client_network(request.remote_addr)):
        response = Response(ticket_files.pdf_of(booking, settings()), mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("attachment", name)
    return response
