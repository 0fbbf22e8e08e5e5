"""Booking seats from the event's page."""

from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask.sessions import SessionMixin
from flask_babel import gettext as _

from app.booking.desk import BookingDesk
from app.booking.orders import Booked, Confirmed
from app.edge import rate_limits
from app.edge.current import catalogue, desk
from app.edge.guest_tickets import keep_ticket
from app.edge.htmx import Answer, go_to, is_htmx, page_or_fragment
from app.edge.session import current_user
from app.errors import IdempotencyKeyReused, NotFound, UtsavamError
from app.models import Booking, Event, User
from app.presenters.problems import problem_of
from app.presenters.ticket_addresses import ticket_secret
from app.presenters.urls import event_url
from app.services import bookings
from app.web.booking_card import BookingCard, held_tickets, renew_key, seats_of_visitor, sent_form
from app.web.forms import BookingForm, GuestBookingForm

blueprint = Blueprint("checkout", __name__)

TRIED = "utsavam.tried"
"""The request's entry for what the fast path came to, if that is to be told here."""


@blueprint.get("/events/<id:event_id>/bookings")
def begin(event_id: int) -> Answer:
    """Lead to the event's page, keeping the chosen number of seats."""
    event = _event(event_id)
    seats = request.args.get("seats", type=int)
    return go_to(event_url(event, seats=seats if seats and seats > 0 else 1))


@blueprint.post("/events/<id:event_id>/bookings")
def create(event_id: int) -> Answer:
    form = sent_form()
    if not form.validate():
        return _refused(_event(event_id), form, _message(form), 422)
    try:
        booked = _book(event_id, form)
    except NotFound:
        raise
    except UtsavamError as error:
        return _not_booked(event_id, form, error)
    if booked.replayed:
        booking = bookings.get_booking(booked.booking.id)
        if not booking.takes_seats or booking.seats != form.seats.data:
            return _given_back(event_id, form, booking)
    endpoint, values = ticket_page(booked.booking, current_user(), session)
    return go_to(url_for(endpoint, **values))


def _event(event_id: int) -> Event:
    """As it is now; raises `EventNotFound`, `EventGone`."""
    return catalogue().event(event_id).events[0]


def _book(event_id: int, form: BookingForm) -> Booked:
    """Book, unless the fast path has; raises what came of it."""
    tried: Booked | Exception | None = request.environ.get(TRIED)
    if isinstance(tried, Exception):
        raise tried
    return tried or order(desk(), event_id, form, current_user(), request.remote_addr)


def order(
    booking_desk: BookingDesk,
    event_id: int,
    form: BookingForm,
    user: User | None,
    address: str | None,
) -> Booked:
    """Book what a valid form asks for, for the user or for the guest whom it names.

    Raises `TooManyRequests` and what `bookings.book` raises.
    """
    seats, key = form.seats.data, form.idempotency_key.data
    if user:
        rate_limits.booking(user.id, address)
        return bookings.book(
            booking_desk, user_id=user.id, event_id=event_id, seats=seats, idempotency_key=key
        )
    name, email = form["name"].data, form["email"].data
    rate_limits.guest_booking(email, address)
    return bookings.book_as_guest(
        booking_desk, email=email, name=name, event_id=event_id, seats=seats, idempotency_key=key
    )


def ticket_page(
    booking: Confirmed, user: User | None, its_session: SessionMixin
) -> tuple[str, dict[str, Any]]:
    """Return the endpoint and values of a new booking's ticket; a guest's browser keeps it."""
    if user:
        return "my_bookings.show", {"booking_id": booking.id, "new": 1}
    secret = ticket_secret(booking)
    keep_ticket(secret, its_session)
    return "tickets.show", {"secret": secret, "new": 1}


def _message(form: BookingForm) -> str | None:
    """Return what is said above the form; None where its fields say it."""
    if isinstance(form, GuestBookingForm) and "email" not in request.form:
        return str(_("You are no longer signed in. Book with your name and email, or sign in."))
    if form.seats.errors:
        return str(form.seats.errors[0])
    return None if form.first_error in {"name", "email"} else str(_("Please try again."))


def _given_back(event_id: int, form: BookingForm, booking: Booking) -> Response:
    """Tell who went back to the page of seats that were given back; book nothing unasked."""
    renew_key(form)
    if booking.takes_seats:
        message = _("You booked from this page, and gave some of the seats back.")
    else:
        message = _("The booking that you made from this page was cancelled.")
    message = f"{message} {_('Press again to book once more.')}"
    return _refused(_event(event_id), form, message, 409)


def _not_booked(event_id: int, form: BookingForm, error: UtsavamError) -> Response:
    """Show the reason at the form, with its input and the event's current state."""
    problem = problem_of(error)
    message = problem.detail
    if isinstance(error, IdempotencyKeyReused):
        renew_key(form)
        message = _("You have booked from this page already. Press again to book these seats too.")
    answer = _refused(_event(event_id), form, message, problem.status)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _refused(event: Event, form: BookingForm, message: str | None, status: int) -> Response:
    if not form.idempotency_key.data or form.idempotency_key.errors:
        renew_key(form)
    tickets = None if is_htmx() else held_tickets(event.id)
    card = BookingCard(event, form, seats_of_visitor(event), message, tickets)
    return page_or_fragment(
        "pages/event.html", "fragments/booking_refused.html", status, event=event, card=card
    )
