"""Bookings for organisers: search, details, cancellation, booking for a guest, exports."""

import secrets
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from app.admin.guard import staff_pages
from app.admin.hold_forms import ON_SALE, BookForForm
from app.booking.issues import Issue
from app.booking.orders import Booked
from app.edge.current import desk, redis_client, redis_names
from app.edge.exports import csv_file, excel_file
from app.edge.forms import CancellationForm, sentence
from app.edge.htmx import Answer, go_to
from app.edge.security import an_id
from app.errors import InvalidField, UtsavamError
from app.lib.money import to_amount
from app.models import Booking, BookingState, Event
from app.models.booking import read_code, spoken
from app.models.columns import now
from app.models.staff_scope import shown_email
from app.presenters.booking_states import state_label
from app.presenters.guests import name_of
from app.presenters.problems import problem_of
from app.presenters.ticket_addresses import ticket_url
from app.presenters.ticket_codes import code_span, code_texts
from app.services import (
    audit,
    booking_search,
    bookings,
    events,
    export_progress,
    holds,
    issues,
    outbox,
    sign_in_links,
    tickets,
)
from app.services.booking_search import BookingQuery, BookingRow
from app.services.holds import HeldSeats

blueprint = staff_pages("admin_bookings", __name__)

HEADER = (
    "Reference", "Status", "Seats", "Price", "Currency", "Name", "Email", "Event", "Event starts",
    "Event ends", "Booked", "Cancelled", "Due", "How it is paid", "Seat codes",
    "Issued for",
)  # fmt: skip
WIDTHS = (17, 16, 7, 12, 10, 28, 32, 32, 18, 18, 18, 18, 12, 32, 40, 28)
"""Of the columns in an Excel file, in characters."""
MAX_PRINTED = 2_000


@blueprint.get("/bookings")
def index() -> Answer:
    query, event = _query_of_request()
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
    )


@blueprint.get("/bookings.csv")
def export_csv() -> Answer:
    query, event = _query_of_request()
    audit.note_export("CSV", booking_search.count_bookings(query)[query.state], event)
    return csv_file(_name(event), HEADER, _rows_with_progress(query))


@blueprint.get("/bookings.xlsx")
def export_excel() -> Answer:
    query, event = _query_of_request()
    audit.note_export("Excel", booking_search.count_bookings(query)[query.state], event)
    return excel_file(_name(event), HEADER, _rows_with_progress(query), WIDTHS)


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
    )


@blueprint.get("/exports/<uuid:token>")
def progress(token: UUID) -> Answer:
    found = export_progress.progress_of(redis_client(), token.hex, redis_names())
    return render_template("fragments/export_progress.html", progress=found)


@blueprint.get("/bookings/<id:booking_id>")
def show(booking_id: int) -> Answer:
    return _shown(booking_id)


@blueprint.get("/bookings/<id:booking_id>/cancellation")
def confirm_cancellation(booking_id: int) -> Answer:
    """Ask for confirmation, showing what would be given back."""
    # A GET request changes nothing, and has no CSRF token.
    form = CancellationForm(formdata=request.args, meta={"csrf": False})
    if not form.validate():
        return _shown(booking_id, next(iter(form.errors.values()))[0], 422)
    booking = bookings.get_booking(booking_id)
    back = booking.seats - form.keep
    if not booking.takes_seats or back < 1 or form.keep > booking.seats:
        return _shown(booking_id, _changed_meanwhile(), 422)
    return render_template(
        "pages/admin/booking_cancellation.html", booking=booking, form=form, back=back
    )


@blueprint.post("/bookings/<id:booking_id>/cancellation")
def cancel(booking_id: int) -> Answer:
    form = CancellationForm()
    if not form.validate():
        return _shown(booking_id, next(iter(form.errors.values()))[0], 422)
    try:
        booking = bookings.cancel(desk(), booking_id, organiser=True, keep=form.keep)
    except InvalidField:
        return _shown(booking_id, _changed_meanwhile(), 422)
    kept = booking.seats if booking.takes_seats else 0
    message = ngettext("%(num)d seat stays booked.", "%(num)d seats stay booked.", kept)
    flash(_("The seats are free again; %(told)s", told=message) if kept else _CANCELLED, "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


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
    flash(_("The ticket is on its way to %(email)s.", email=booking.user.email), "done")
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
    form = BookForForm(held)
    if not form.validate():
        return _booking_page(form, held, 422)
    try:
        booked = _book(event_id, form.wanted)
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
        return _booking_page(form, held, 422)
    except UtsavamError as error:
        problem = problem_of(error)
        form.refuse("seats", problem.detail)
        return _booking_page(form, holds.list_holds(event_id), problem.status)
    flash(_("Booked."), "done")
    return go_to(url_for("admin_bookings.show", booking_id=booked.booking.id))


def _book(event_id: int, wanted: Issue) -> Booked:
    if wanted.is_special or wanted.issued_for:
        return issues.issue(desk(), event_id, wanted)
    return booking_search.book_for(
        desk(),
        event_id,
        email=wanted.email,
        name=wanted.name,
        seats=wanted.seats,
        key=wanted.idempotency_key or "",
    )


def _query_of_request() -> tuple[BookingQuery, Event | None]:
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


def _rows_with_progress(query: BookingQuery) -> Iterator[tuple[object, ...]]:
    """The rows to export; with a `progress` token, their progress is reported for polling."""
    try:
        token = UUID(request.args.get("progress", "")).hex
    except ValueError:
        return _rows(query)
    total = booking_search.count_bookings(query)[query.state]
    return export_progress.followed(redis_client(), token, _rows(query), total, redis_names())


def _rows(query: BookingQuery) -> Iterator[tuple[object, ...]]:
    # Labelled here: the rows are read while the answer is sent.
    labels = {state: state_label(state, organiser=True) for state in BookingState}
    at_the_door = _("At the door")
    for guest in booking_search.iterate_bookings(query):
        yield (
            spoken(guest.reference),
            labels[BookingState(guest.state)],
            guest.seats,
            to_amount(guest.price_minor * guest.seats, guest.currency),
            guest.currency,
            name_of(guest.name, guest.email),
            shown_email(guest.email),
            guest.event,
            guest.start_at,
            guest.end_at,
            guest.created_at,
            guest.cancelled_at,
            to_amount(_due(guest), guest.currency),
            (guest.payment_note or at_the_door) if _due(guest) else "",
            " ".join(_codes(guest)),
            guest.issued_for,
        )


def _due(guest: BookingRow) -> int:
    """What is to be paid for the seats that stand, in smallest units."""
    stands = guest.state == BookingState.CONFIRMED
    return guest.price_minor * guest.seats if stands else 0


def _codes(guest: BookingRow) -> list[str]:
    """The codes of the seats that let somebody in."""
    if guest.state != BookingState.CONFIRMED:
        return []
    return code_texts(guest.reference, guest.seats)


def _name(event: Event | None) -> str:
    return f"bookings-{event.slug}" if event else "bookings"


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
    )
    return make_response(page, status)


def _booking_page(form: BookForForm, held: HeldSeats, status: int = 200) -> Response:
    page = render_template("pages/admin/booking_new.html", form=form, event=held.event)
    return make_response(page, status)
