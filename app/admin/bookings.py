"""Bookings for organisers: search, details, cancellation, booking for a guest."""

import secrets
from itertools import islice
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from app.admin.booking_forms import StaffCancellationForm
from app.admin.guard import staff_pages
from app.admin.hold_forms import ON_SALE, BookForForm
from app.edge.current import desk
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.edge.security import an_id
from app.errors import InvalidField, SeatsAreIn, UtsavamError
from app.models import Booking, BookingState, Event
from app.models.columns import now
from app.models.references import read_code
from app.presenters.guests import name_of
from app.presenters.problems import problem_of
from app.presenters.ticket_addresses import ticket_url
from app.presenters.ticket_codes import code_span
from app.services import (
    admissions,
    audit,
    booking_guests,
    booking_search,
    bookings,
    events,
    gifts,
    holds,
    issues,
    outbox,
    paid_orders,
    payment_lists,
    receipts,
    seat_refunds,
    sign_in_links,
    ticket_types,
    tickets,
    vouchers,
)
from app.services.booking_search import BookingQuery
from app.services.holds import HeldSeats

blueprint = staff_pages("admin_bookings", __name__)

MAX_PRINTED = 2_000


@blueprint.get("/bookings")
def index() -> Answer:
    query, event = query_of_request()
    page = booking_search.search_bookings(query, after=request.args.get("after"))
    return render_template(
        "pages/admin/bookings.html",
        page=page,
        query=query,
        event=event,
        counts=booking_search.count_for_page(query),
        max_counted=booking_search.MAX_COUNTED,
        chosen=_url_args(query),
        code=read_code(query.q),
        owed=payment_lists.refunds_by_currency(event_id=query.event_id),
    )


@blueprint.get("/events/<id:event_id>/guests")
def guest_list(event_id: int) -> Answer:
    """The guests by name, to be printed for the door."""
    event = events.get_event(event_id, drafts=True)
    query = BookingQuery(event_id=event_id, state=BookingState.CONFIRMED.value)
    count = booking_search.count_bookings(query)[query.state]
    guests = list(islice(booking_search.iterate_bookings(query), MAX_PRINTED))
    audit.note_export("print", len(guests), event)
    return render_template(
        "pages/admin/guest_list.html",
        event=event,
        guests=[
            (guest, name_of(guest.name, guest.email), code_span(guest.reference, guest.seats))
            for guest in guests
        ],
        more=count - len(guests),
        seats=sum(guest.seats for guest in guests),
        payable=any(guest.price_minor for guest in guests if not guest.is_paid),
    )


@blueprint.get("/bookings/<id:booking_id>")
def show(booking_id: int) -> Answer:
    return _shown(booking_id)


@blueprint.get("/bookings/<id:booking_id>/cancellation")
def confirm_cancellation(booking_id: int) -> Answer:
    """Ask for confirmation, showing what would be given back."""
    # A GET request changes nothing, and has no CSRF token.
    form = StaffCancellationForm(formdata=request.args, meta={"csrf": False})
    if not form.validate():
        return _shown(booking_id, next(iter(form.errors.values()))[0], 422)
    return _asked_once_more(booking_id, form)


@blueprint.post("/bookings/<id:booking_id>/cancellation")
def cancel(booking_id: int) -> Answer:
    form = StaffCancellationForm()
    if not form.validate_for(bookings.get_booking(booking_id)):
        if form.refund_amount.errors:
            return _asked_once_more(booking_id, form, 422)
        return _shown(booking_id, next(iter(form.errors.values()))[0], 422)
    try:
        booking = bookings.cancel(
            desk(),
            booking_id,
            organiser=True,
            keep=form.keep,
            admitted_too=form.admitted_too.data,
            refund=form.refund_by,
        )
    except SeatsAreIn as error:
        return _shown(booking_id, problem_of(error).detail, 409)
    except InvalidField as error:
        if error.field == "refund_minor":
            form.refuse("refund_amount", _("That is more than was paid for the seats."))
            return _asked_once_more(booking_id, form, 422)
        return _shown(booking_id, _changed_meanwhile(), 422)
    kept = booking.seats if booking.takes_seats else 0
    message = ngettext("%(num)d seat stays booked.", "%(num)d seats stay booked.", kept)
    flash(_("The seats are free again; %(told)s", told=message) if kept else _CANCELLED, "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


def _asked_once_more(booking_id: int, form: StaffCancellationForm, status: int = 200) -> Response:
    booking = bookings.get_booking(booking_id)
    back = booking.seats - form.keep
    if not booking.takes_seats or back < 1 or form.keep > booking.seats:
        return _shown(booking_id, _changed_meanwhile(), 422)
    page = render_template(
        "pages/admin/booking_cancellation.html",
        booking=booking,
        form=form,
        back=back,
        sends_mail=outbox.is_configured(),
        seats_in=admissions.count_above(booking, form.keep),
        quote=seat_refunds.quote(booking, also_gift=True),
    )
    return make_response(page, status)


@blueprint.post("/bookings/<id:booking_id>/address")
def replace_address(booking_id: int) -> Answer:
    """Give the ticket another secret address; the former one opens nothing any more."""
    tickets.replace_address(booking_id)
    flash(_("The former link opens this ticket no more."), "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


@blueprint.post("/bookings/<id:booking_id>/ticket-letter")
def send_ticket(booking_id: int) -> Answer:
    if not outbox.is_configured():
        flash(_("This site sends no mail: print the ticket, or copy its link."), "error")
        return _shown(booking_id, status=409)
    booking = issues.send_ticket(booking_id)
    told = _("The ticket is on its way to %(email)s.", email=booking.user.email)
    if booking.is_reserved:
        told = _("How to pay is on its way to %(email)s.", email=booking.user.email)
    flash(told, "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


@blueprint.post("/bookings/<id:booking_id>/sign-in-link")
def make_link(booking_id: int) -> Answer:
    """Make a link for the guest, to be handed over: the page shows it this once."""
    booking = bookings.get_booking(booking_id)
    user, secret = sign_in_links.make_for(booking.user_id)
    link = url_for("sign_in_links.show", secret=secret, _external=True)
    return _shown(booking_id, status=201, link=link, link_email=user.email)


_CANCELLED = lazy_gettext("The booking is cancelled; its seats are free again.")


def _changed_meanwhile() -> str:
    return str(_("Some of these seats were given back meanwhile. Please choose again."))


@blueprint.get("/events/<id:event_id>/bookings/new")
def new(event_id: int) -> Answer:
    held = holds.list_holds(event_id)
    source = request.args.get("source", ON_SALE)
    form = BookForForm(
        held,
        ticket_types.list_issued(held.event),
        formdata=None,
        seats=1,
        source=source,
        free=source != ON_SALE,
        idempotency_key=secrets.token_urlsafe(24),
    )
    return _booking_page(form, held)


@blueprint.post("/events/<id:event_id>/bookings")
def create(event_id: int) -> Answer:
    held = holds.list_holds(event_id)
    form = BookForForm(held, ticket_types.list_issued(held.event))
    if not form.validate():
        return _booking_page(form, held, 422)
    try:
        booked = issues.issue(desk(), event_id, form.wanted)
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
        return _booking_page(form, held, 422)
    except UtsavamError as error:
        problem = problem_of(error)
        form.refuse("seats", problem.detail)
        return _booking_page(form, holds.list_holds(event_id), problem.status)
    flash(_("Booked."), "done")
    return go_to(url_for("admin_bookings.show", booking_id=booked.booking.id))


def query_of_request() -> tuple[BookingQuery, Event | None]:
    event_id = request.args.get("event", type=an_id)
    event = events.get_event(event_id, drafts=True) if event_id else None
    state = request.args.get("status", "").upper()
    query = BookingQuery(
        event_id=event_id,
        state=state if state in set(BookingState) else "",
        q=" ".join(request.args.get("q", "").split())[:100],
    )
    return query, event


def _url_args(query: BookingQuery) -> dict[str, Any]:
    """The query's arguments for `url_for`."""
    found = {"event": query.event_id, "status": query.state.lower(), "q": query.q}
    return {name: value for name, value in found.items() if value}


def _shown(booking_id: int, error: str | None = None, status: int = 200, **made: str) -> Response:
    booking: Booking = bookings.get_booking(booking_id)
    history = audit.list_entries(subject="booking", subject_id=booking_id).items
    page = render_template(
        "pages/admin/booking.html",
        booking=booking,
        history=history,
        error=error,
        now=now(),
        address=ticket_url(booking),
        made=made,
        sends_mail=outbox.is_configured(),
        correctable=booking_guests.is_correctable(booking),
        seats_in=admissions.list_seats_in(booking),
        gifts=gifts.list_gifts(booking),
        origin=gifts.origin_of(booking),
        due=paid_orders.to_pay(booking),
        payments=(paid := payment_lists.payments_of(booking)),
        receipts=receipts.of_payments([one.id for one in paid]),
        voucher=vouchers.voucher_of(booking),
    )
    return make_response(page, status)


def _booking_page(form: BookForForm, held: HeldSeats, status: int = 200) -> Response:
    page = render_template("pages/admin/booking_new.html", form=form, event=held.event)
    return make_response(page, status)
