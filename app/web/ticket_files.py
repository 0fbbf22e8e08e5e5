"""A ticket as a file to keep, or as a pass of a phone's wallet, by either of its addresses."""

from flask import Response, redirect, render_template, request

from app.edge.current import settings
from app.edge.downloads import disposition
from app.edge.htmx import Answer
from app.edge.rate_limits import client_network
from app.lib.fair_queue import on_behalf_of
from app.models import Booking
from app.presenters.ticket_papers import ticket_file_name
from app.services import ticket_files, wallets
from app.web.shared_tickets import Links


def ticket_pdf(booking: Booking) -> Response:
    """Return the ticket as a PDF; raises what `ticket_files.pdf_of` raises."""
    name = ticket_file_name(booking, "pdf")
    with on_behalf_of(client_network(request.remote_addr)):
        content = ticket_files.pdf_of(booking, settings())
    return _file(content, "application/pdf", name)


def apple_wallet_file(booking: Booking) -> Response:
    """Return the passes for Apple Wallet, which a phone opens by itself."""
    found = wallets.apple_file(booking, settings())
    return _file(found.content, found.mimetype, ticket_file_name(booking, found.ending))


def google_wallet_seats(booking: Booking, links: Links) -> Answer:
    """Return a page with the seats, each of which is a pass; one seat is saved at once."""
    if booking.seats == 1:
        return to_google_wallet(booking, 1)
    wallets.require_google(booking, settings())
    return render_template("pages/google_wallet.html", booking=booking, here=links(booking))


def to_google_wallet(booking: Booking, number: int) -> Answer:
    """Send the browser to Google, with the pass of this seat in the address."""
    return redirect(wallets.google_link(booking, number, settings()), 303)


def _file(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = disposition("attachment", name)
    return response
