"""Tickets by their secret addresses, without an account; and the list of this browser's."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.edge import rate_limits
from app.edge.calendar_files import calendar_file
from app.edge.guest_tickets import forget_tickets, kept_tickets
from app.edge.headers import never_passed_on
from app.edge.htmx import Answer, go_to
from app.errors import TicketNotFound
from app.models import Booking
from app.models.columns import now
from app.presenters.icalendars import booking_calendar
from app.presenters.ticket_addresses import ticket_url
from app.services import bookings, seat_refunds, tickets
from app.web import giving, giving_back, online_payments, paying
from app.web.kept_tickets import kept_in_browser
from app.web.payments_due import tell_payment
from app.web.receipts import receipt_file, receipts_page
from app.web.shared_tickets import booking_rows, ticket_page
from app.web.ticket_files import (
    apple_wallet_file,
    google_wallet_seats,
    ticket_pdf,
    to_google_wallet,
)
from app.web.ticket_links import by_secret

blueprint = Blueprint("tickets", __name__)
blueprint.after_request(never_passed_on)


@blueprint.get("/tickets")
def index() -> Answer:
    found = tickets.find_tickets(kept_tickets())
    return render_template("pages/tickets.html", rows=booking_rows(found, by_secret))


@blueprint.post("/tickets/forgotten")
def forget() -> Answer:
    forget_tickets()
    flash(_("This browser keeps no tickets any more."), "done")
    return go_to(url_for("tickets.index"))


@blueprint.get("/tickets/<secret>")
def show(secret: str) -> Answer:
    booking = _opened(secret)
    return kept_in_browser(ticket_page(booking, by_secret, address=ticket_url(booking)), booking)


@blueprint.get("/tickets/<secret>/payment")
def payment(secret: str) -> Answer:
    booking = _opened(secret)
    return tell_payment(booking, by_secret(booking))


@blueprint.post("/tickets/<secret>/payment")
def announce_payment(secret: str) -> Answer:
    booking = _opened(secret)
    return paying.announce(booking, by_secret(booking))


@blueprint.post("/tickets/<secret>/payment/<provider>")
def pay_online(secret: str, provider: str) -> Answer:
    booking = _opened(secret)
    return online_payments.pay(booking, by_secret(booking), provider)


@blueprint.get("/tickets/<secret>/calendar.ics")
def calendar(secret: str) -> Answer:
    booking = _opened(secret)
    given_back = bookings.given_back(booking.id)
    content = booking_calendar(booking, given_back, ticket_url(booking))
    return calendar_file(f"{booking.event.slug}.ics", content)


@blueprint.get("/tickets/<secret>/ticket.pdf")
def pdf(secret: str) -> Answer:
    return ticket_pdf(_opened(secret))


@blueprint.get("/tickets/<secret>/receipts")
def receipts(secret: str) -> Answer:
    booking = _opened(secret)
    return receipts_page(booking, by_secret(booking))


@blueprint.get("/tickets/<secret>/receipts/<id:receipt_id>.pdf")
def receipt_pdf(secret: str, receipt_id: int) -> Answer:
    return receipt_file(_opened(secret), receipt_id)


@blueprint.get("/tickets/<secret>/apple-wallet")
def apple_pass(secret: str) -> Answer:
    return apple_wallet_file(_opened(secret))


@blueprint.get("/tickets/<secret>/google-wallet")
def google_passes(secret: str) -> Answer:
    return google_wallet_seats(_opened(secret), by_secret)


@blueprint.get("/tickets/<secret>/google-wallet/<id:seat>")
def google_pass(secret: str, seat: int) -> Answer:
    return to_google_wallet(_opened(secret), seat)


@blueprint.get("/tickets/<secret>/cancellation")
def confirm_cancellation(secret: str) -> Answer:
    return _confirm(_opened(secret))


@blueprint.post("/tickets/<secret>/cancellation")
def cancel(secret: str) -> Answer:
    given = giving_back.give_back(lambda: _opened(secret), by_secret, _confirm)
    if not isinstance(given, Booking):
        return given
    flash(giving_back.told_of(given), "done")
    return go_to(by_secret(given).to("show"))


@blueprint.get("/tickets/<secret>/gifts")
def gifts(secret: str) -> Answer:
    return giving.giving_page(_opened(secret), by_secret)


@blueprint.post("/tickets/<secret>/gifts")
def give(secret: str) -> Answer:
    return giving.give(_opened(secret), by_secret, lambda: _opened(secret))


@blueprint.post("/tickets/<secret>/gifts/<id:gift_id>/taken-back")
def take_back(secret: str, gift_id: int) -> Answer:
    return giving.take_back(_opened(secret), gift_id, by_secret)


def _opened(secret: str) -> Booking:
    """The secret's booking; wrong secrets are counted as wrong keys are."""
    try:
        return tickets.find_ticket(secret)
    except TicketNotFound:
        rate_limits.wrong_key(request.remote_addr)
        raise


def _confirm(booking: Booking, error: str | None = None, status: int = 200) -> Response:
    page = render_template(
        "pages/cancellation.html",
        booking=booking,
        links=by_secret,
        now=now(),
        error=error,
        quote=seat_refunds.quote(booking),
    )
    return make_response(page, status)
