"""Paying on a provider's page: the way there and back, and what the provider tells meanwhile."""

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from app.edge import rate_limits
from app.edge.current import desk, payment_providers, settings
from app.edge.extensions import csrf
from app.edge.guest_tickets import kept_tickets
from app.edge.headers import never_stored
from app.edge.htmx import Answer, go_to
from app.edge.session import current_user
from app.errors import NothingToPay, PaymentNotOffered, ProviderAway, UtsavamError
from app.lib.payment_providers import Forged, ProviderFault
from app.models import Booking, PaymentProvider
from app.presenters.payment_ways import provider_name
from app.presenters.problems import problem_of
from app.services import bookings, payment_pages, provider_events, tickets, user_bookings
from app.web.ticket_links import TicketLinks, by_secret, of_account

blueprint = Blueprint("online_payments", __name__)
blueprint.after_request(never_stored)
PAYING = "paying"
"""The session's key of the ticket that is being paid, so that the way back leads to it, and to it
alone: the browser may belong to a friend, who is not to get at the others of the order."""


def pay(booking: Booking, here: TicketLinks, provider: str) -> Answer:
    """Begin to pay, and lead the browser to the provider's page."""
    name = _named(provider)

    def return_address(reference: str) -> str:
        path = url_for("online_payments.back", provider=name.value, reference=reference)
        return settings().base_url + path

    try:
        address = payment_pages.begin(desk(), payment_providers(), name, booking.id, return_address)
    except (NothingToPay, PaymentNotOffered, ProviderAway) as error:
        return _told(error, here)
    if address is None:
        flash(_("This is paid already, or the payment is on its way."), "done")
        return go_to(here.to("show"))
    if here.secret:
        session[PAYING] = here.secret
    # No redirect: our content policy lets forms lead to our own pages alone.
    page = render_template(
        "pages/to_provider.html", address=address, provider=provider_name(name), here=here
    )
    return make_response(page)


@blueprint.get("/payments/<provider>/return/<reference>")
def back(provider: str, reference: str) -> Answer:
    """Where the provider leads the buyer afterwards; it proves nothing, so we ask."""
    name = _named(provider)
    found = _own_booking(reference)
    if found is None:
        flash(_("Thank you. Your ticket is behind the link in your letter."), "done")
        return go_to(url_for("tickets.index"))
    booking, here = found
    _ask(booking, name)
    booking = bookings.get_booking(booking.id)
    return go_to(here.to("show", new=None if booking.is_reserved else 1))


@blueprint.post("/payments/<provider>/webhook")
def webhook(provider: str) -> Answer:
    """Keep what a provider tells, signed by it; the worker does what follows.

    No form of a browser: the signature over the body is its proof.
    """
    name = _named(provider)
    found = payment_providers().get(name)
    if found is None:
        abort(404)
    try:
        told = found.read(request.get_data(), request.headers.get)
    except Forged:
        rate_limits.wrong_key(request.remote_addr)
        return Response("wrong signature\n", 400, mimetype="text/plain")
    provider_events.keep(name, told)
    return Response("kept\n", 200, mimetype="text/plain")


csrf.exempt(webhook)


def _ask(booking: Booking, name: PaymentProvider) -> None:
    """Settle what the provider says of the payment; nothing is lost if it does not answer now."""
    payment = payment_pages.of_order(booking, name)
    if payment is None:
        return
    try:
        payment_pages.look(desk(), payment_providers(), payment)
    except (ProviderFault, PaymentNotOffered):
        flash(_("The payment is not known yet. This page shows the ticket once it is."), "done")


def _own_booking(reference: str) -> tuple[Booking, TicketLinks] | None:
    """The visitor's booking of the order: of their account, or one that this browser keeps."""
    user = current_user()
    mine = user_bookings.of_order(user.id, reference) if user else None
    if mine is not None:
        return mine, of_account(mine)
    for booking in tickets.find_tickets([*kept_tickets(), *filter(None, [session.get(PAYING)])]):
        if reference in (booking.reference, booking.order_reference):
            return booking, by_secret(booking)
    return None


def _told(error: UtsavamError, here: TicketLinks) -> Answer:
    flash(problem_of(error).detail, "error")
    return go_to(here.to("show"))


def _named(provider: str) -> PaymentProvider:
    try:
        return PaymentProvider(provider)
    except ValueError:
        abort(404)
