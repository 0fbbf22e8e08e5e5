"""What is owed to guests: of payments that came here, and by a cancelled event if it was paid."""

from collections.abc import Iterator

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.edge.exports import csv_file
from app.edge.htmx import Answer, go_to
from app.edge.security import an_id
from app.errors import RefundOnItsWay
from app.lib.money import to_amount
from app.models import Event, RefundState
from app.models.references import spoken
from app.models.staff_scope import shown_email
from app.presenters.guests import name_of
from app.presenters.prices import price
from app.presenters.problems import problem_of
from app.services import audit, booking_search, events, payment_lists, refunds
from app.services.booking_search import BookingQuery

blueprint = staff_pages("admin_refunds", __name__)

HEADER = (
    "Reference",
    "Name",
    "Email",
    "Seats",
    "Amount",
    "Currency",
    "Event",
    "Event starts",
    "Ticket type",
)


@blueprint.get("/refunds")
def index() -> Answer:
    query = _query()
    return render_template(
        "pages/admin/refunds.html",
        page=booking_search.search_bookings(query, after=request.args.get("after")),
        owed=booking_search.owed_by_currency(query),
        event_id=query.event_id,
    )


@blueprint.get("/refunds/owed")
def owed() -> Answer:
    """Money of payments that came here, which is owed back or was paid back."""
    event = _event()
    state = RefundState.PAID_BACK if "done" in request.args else RefundState.OWED
    event_id = event.id if event else None
    return render_template(
        "pages/admin/refunds_owed.html",
        event=event,
        state=state,
        page=payment_lists.list_refunds(
            event_id=event_id, state=state, after=request.args.get("after")
        ),
        sums=payment_lists.refunds_by_currency(event_id=event_id, state=state),
    )


@blueprint.post("/refunds/<id:refund_id>/paid-back")
def mark(refund_id: int) -> Answer:
    try:
        refund = refunds.mark_paid_back(refund_id)
    except RefundOnItsWay as error:
        flash(problem_of(error).detail, "error")
    else:
        amount = price(refund.amount_minor, refund.currency)
        flash(_("%(amount)s is marked as paid back.", amount=amount), "done")
    return go_to(url_for("admin_refunds.owed", event=request.args.get("event", type=an_id)))


@blueprint.get("/refunds.csv")
def export() -> Answer:
    query = _query()
    event = _event()
    audit.note_export("CSV", booking_search.count_owed(query), event)
    return csv_file("to-be-given-back", HEADER, _rows(query))


def _event() -> Event | None:
    event_id = request.args.get("event", type=an_id)
    return events.get_event(event_id, drafts=True) if event_id else None


def _query() -> BookingQuery:
    return BookingQuery(event_id=request.args.get("event", type=an_id), owed=True)


def _rows(query: BookingQuery) -> Iterator[tuple[object, ...]]:
    for guest in booking_search.iterate_bookings(query):
        yield (
            spoken(guest.reference),
            name_of(guest.name, guest.email),
            shown_email(guest.email),
            guest.seats,
            to_amount(guest.price_minor * guest.seats, guest.currency),
            guest.currency,
            guest.event,
            guest.start_at,
            guest.ticket_type,
        )
