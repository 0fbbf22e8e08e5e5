"""Booking seats from the event's page."""

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.edge import rate_limits
from app.edge.current import desk
from app.edge.htmx import Answer, go_to, page_or_fragment
from app.edge.session import current_user, sign_in_url
from app.errors import IdempotencyKeyReused, NotFound, UtsavamError
from app.models import Booking, Event
from app.presenters.problems import problem_of
from app.presenters.urls import event_url
from app.services import bookings, events
from app.web.booking_card import BookingCard, renew_key, seats_of_visitor
from app.web.forms import BookingForm

blueprint = Blueprint("checkout", __name__)


@blueprint.get("/events/<id:event_id>/bookings")
def begin(event_id: int) -> Answer:
    """Send an anonymous visitor to sign in and back, keeping the chosen number of seats."""
    event = events.get_event(event_id)
    seats = request.args.get("seats", type=int)
    way_back = event_url(event, seats=seats if seats and seats > 0 else 1)
    return go_to(way_back if current_user() else sign_in_url(way_back))


@blueprint.post("/events/<id:event_id>/bookings")
def create(event_id: int) -> Answer:
    event = events.get_event(event_id)
    form = BookingForm()
    user = current_user()
    if user is None:
        way_back = event_url(event, seats=form.seats.data or 1)
        return go_to(sign_in_url(way_back))
    if not form.validate():
        return _refused(event, form, form.seats.errors[0] if form.seats.errors else None, 422)
    try:
        rate_limits.booking(user.id, request.remote_addr)
        booked = bookings.book(
            desk(),
            user_id=user.id,
            event_id=event_id,
            seats=form.seats.data,
            idempotency_key=form.idempotency_key.data,
        )
    except NotFound:
        raise
    except UtsavamError as error:
        return _not_booked(event_id, form, error)
    if booked.replayed:
        booking = bookings.get_booking(booked.booking.id, of_user=user.id)
        if not booking.takes_seats or booking.seats != form.seats.data:
            return _given_back(event_id, form, booking)
    return go_to(url_for("my_bookings.show", booking_id=booked.booking.id, new=1))


def _given_back(event_id: int, form: BookingForm, booking: Booking) -> Response:
    """Tell who went back to the page of seats that were given back; book nothing unasked."""
    renew_key(form)
    if booking.takes_seats:
        message = _("You booked from this page, and gave some of the seats back.")
    else:
        message = _("The booking that you made from this page was cancelled.")
    message = f"{message} {_('Press again to book once more.')}"
    return _refused(events.get_event(event_id), form, message, 409)


def _not_booked(event_id: int, form: BookingForm, error: UtsavamError) -> Response:
    """Show the reason at the form, with its input and the event's current state."""
    problem = problem_of(error)
    message = problem.detail
    if isinstance(error, IdempotencyKeyReused):
        renew_key(form)
        message = _("You have booked from this page already. Press again to book these seats too.")
    answer = _refused(events.get_event(event_id), form, message, problem.status)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _refused(event: Event, form: BookingForm, message: str | None, status: int) -> Response:
    if not form.idempotency_key.data or form.idempotency_key.errors:
        renew_key(form)
    card = BookingCard(event, form, seats_of_visitor(event), message or _("Please try again."))
    return page_or_fragment(
        "pages/event.html", "fragments/booking_refused.html", status, event=event, card=card
    )
