"""Booking seats from the event's page."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask.sessions import SessionMixin
from flask_babel import gettext as _

from app.booking.desk import BookingDesk
from app.booking.orders import Booked
from app.edge import rate_limits
from app.edge.current import catalogue, desk
from app.edge.guest_tickets import keep_ticket
from app.edge.htmx import Answer, go_to, is_htmx, page_or_fragment
from app.edge.room_tickets import admit_visitor, joined_instead, standing_of_visitor
from app.edge.session import current_user
from app.errors import (
    IdempotencyKeyReused,
    InvalidField,
    NotAdmitted,
    NotFound,
    PlaceUsedUp,
    PriceRisen,
    TicketTypeNotFound,
    TicketTypeNotOnSale,
    TicketTypeSoldOut,
    UtsavamError,
    VoucherNotFound,
    VoucherRefused,
)
from app.models import User
from app.presenters.problems import problem_of
from app.presenters.ticket_addresses import ticket_secret
from app.presenters.urls import event_url
from app.services import bookings
from app.services.room_places import NOTHING
from app.web.booking_card import BookingCard, held_tickets, renew_key, seats_of_visitor, sent_form
from app.web.codes import NO_CODE, look_up
from app.web.forms import BookingForm, GuestBookingForm

blueprint = Blueprint("checkout", __name__)

TOLD_AT_FORM = (TicketTypeNotFound, VoucherNotFound)

APPLY = "apply"
"""Sent by the button that shows what a code does, and books nothing."""
TRIED = "utsavam.tried"
"""The request's entry for what the fast path came to, if that is to be told here."""


@blueprint.get("/events/<id:event_id>/bookings")
def begin(event_id: int) -> Answer:
    """Lead to the event's page, keeping the chosen number of seats."""
    event = catalogue().event(event_id).events[0]
    seats = request.args.get("seats", type=int)
    return go_to(event_url(event, seats=seats if seats and seats > 0 else 1))


@blueprint.post("/events/<id:event_id>/bookings")
def create(event_id: int) -> Answer:
    form = sent_form()
    if APPLY in request.form:
        return _form_again(event_id, form, None, 200)
    if not form.validate():
        return _form_again(event_id, form, _message(form), 422)
    try:
        booked = _book(event_id, form)
    except UtsavamError as error:
        if isinstance(error, NotFound) and not isinstance(error, TOLD_AT_FORM):
            raise
        if isinstance(error, NotAdmitted) and joined_instead(event_id, error):
            return go_to(url_for("waiting_rooms.show", event_id=event_id))
        return _not_booked(event_id, form, error)
    if booked.replayed:
        there = [bookings.get_booking(one.id) for one in booked.bookings]
        seats = sum(booking.seats for booking in there if booking.takes_seats)
        if seats != form.seats.data:
            return _given_back(event_id, form, seats)
    endpoint, values = ticket_page(booked, current_user(), session)
    return go_to(url_for(endpoint, **values))


def _book(event_id: int, form: BookingForm) -> Booked:
    """Book, unless the fast path has; raises what came of it."""
    tried: Booked | Exception | None = request.environ.get(TRIED)
    if isinstance(tried, Exception):
        raise tried
    facts = (event_id, form, current_user(), request.remote_addr)
    return tried or order(desk(), *facts, its_session=session)


def order(
    booking_desk: BookingDesk,
    event_id: int,
    form: BookingForm,
    user: User | None,
    address: str | None,
    *,
    its_session: SessionMixin,
) -> Booked:
    """Book what a valid form asks for, for the user or for the guest whom it names.

    Raises `NotAdmitted`, `PlaceUsedUp`, `TooManyRequests` and what `bookings.book` raises.
    """
    taken = NOTHING
    try:
        taken = admit_visitor(event_id, form.seats.data, user, its_session)
    except (NotAdmitted, PlaceUsedUp):
        # Who has booked, and never got the answer, gets it when their time is over, too.
        guest = None if user else form["email"].data
        key, booker = form.idempotency_key.data, user.id if user else None
        if not bookings.is_repeated(key, user_id=booker, email=guest):
            raise
    return taken.book(lambda: _order(booking_desk, event_id, form, user, address))


def _order(
    booking_desk: BookingDesk,
    event_id: int,
    form: BookingForm,
    user: User | None,
    address: str | None,
) -> Booked:
    asked: dict[str, Any] = {"event_id": event_id, "seats": form.seats.data, "items": form.items}
    asked |= {"idempotency_key": form.idempotency_key.data, "code": form.code.data}
    asked["limit"] = form.limit
    with rate_limits.voucher_code(form.code.data, event_id, address):
        if user:
            rate_limits.booking(user.id, address)
            return bookings.book(booking_desk, user_id=user.id, **asked)
        name, email = form["name"].data, form["email"].data
        rate_limits.guest_booking(email, address)
        return bookings.book_as_guest(booking_desk, email=email, name=name, **asked)


def ticket_page(
    booked: Booked, user: User | None, its_session: SessionMixin
) -> tuple[str, dict[str, Any]]:
    """Return the endpoint and values of a new order's first ticket, which leads to its others; a
    guest's browser keeps them all."""
    if user:
        return "my_bookings.show", {"booking_id": booked.booking.id, "new": 1}
    secrets = [ticket_secret(booking) for booking in booked.bookings]
    for secret in reversed(secrets):
        keep_ticket(secret, its_session)
    return "tickets.show", {"secret": secrets[0], "new": 1}


def _message(form: BookingForm) -> str | None:
    """Return what is said above the form; None where its fields say it."""
    if isinstance(form, GuestBookingForm) and "email" not in request.form:
        return str(_("You are no longer signed in. Book with your name and email, or sign in."))
    if form.item_errors:
        return _at_rows()
    if form.seats.errors:
        return str(form.seats.errors[0])
    return None if form.first_error in {"name", "email"} else str(_("Please try again."))


def _at_rows() -> str:
    """What stands above a form of ticket types of which some are marked."""
    return str(_("Nothing is booked yet: please look at what is marked."))


def _given_back(event_id: int, form: BookingForm, seats: int) -> Response:
    """Tell who went back to the page of seats that were given back; book nothing unasked."""
    renew_key(form)
    if seats:
        message = _("You booked from this page, and gave some of the seats back.")
    else:
        message = _("The booking that you made from this page was cancelled.")
    message = f"{message} {_('Press again to book once more.')}"
    return _form_again(event_id, form, message, 409)


def _not_booked(event_id: int, form: BookingForm, error: UtsavamError) -> Response:
    """Show the reason at the form, with its input and the event's current state."""
    problem = problem_of(error)
    message = problem.detail
    if isinstance(error, IdempotencyKeyReused):
        renew_key(form)
        message = _("You have booked from this page already. Press again to book these seats too.")
    elif isinstance(error, PriceRisen):
        message = f"{message} {_('Press again to book them at this price.')}"
    elif _is_at_row(form, error, message) or _is_at_code(form, error, message):
        message = _at_rows()
    elif isinstance(error, TicketTypeNotFound):
        message = _("Other ticket types are on sale now. Please choose again.")
    left = {}
    if isinstance(error, TicketTypeSoldOut) and error.ticket_type_id:
        left[error.ticket_type_id] = error.left
    answer = _form_again(event_id, form, message, problem.status, left)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _is_at_row(form: BookingForm, error: UtsavamError, message: str) -> bool:
    """Put the reason at the ticket type that it is about; False if there is none."""
    if isinstance(error, InvalidField) and form.typed:
        return True  # the row itself says what it can have
    about = TicketTypeSoldOut | TicketTypeNotOnSale
    if not isinstance(error, about) or error.ticket_type_id not in form.typed:
        return False
    form.item_errors[error.ticket_type_id] = message
    return True


def _is_at_code(form: BookingForm, error: UtsavamError, message: str) -> bool:
    """Put the reason at the code's field, if it is about the code."""
    if not isinstance(error, VoucherNotFound | VoucherRefused):
        return False
    form.code.errors = [message]
    return True


def _form_again(
    event_id: int,
    form: BookingForm,
    message: str | None,
    status: int,
    left_by_type: Mapping[int, int] | None = None,
) -> Response:
    """Show the form again, with the event as it is now; raises `EventNotFound`, `EventGone`."""
    snapshot = catalogue().event(event_id)
    event = snapshot.events[0]
    if not form.idempotency_key.data or form.idempotency_key.errors:
        renew_key(form)
    tickets = None if is_htmx() else held_tickets(event.id)
    card = BookingCard(
        event,
        form,
        seats_of_visitor(event),
        message,
        tickets,
        types=snapshot.types.get(event_id, ()),
        left_by_type=left_by_type or {},
        code=NO_CODE if form.code.errors else look_up(event_id, form.code.data),
        room=standing_of_visitor(event_id),
    )
    if status == HTTPStatus.OK and card.code.error:
        status = 422
    return page_or_fragment(
        "pages/event.html", "fragments/booking_refused.html", status, event=event, card=card
    )
