"""What is to be given back to the guests of cancelled events: a list, and a file of it."""

from collections.abc import Iterator

from flask import render_template, request

from app.admin.guard import staff_pages
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.edge.security import an_id
from app.lib.money import to_amount
from app.models.booking import spoken
from app.models.staff_scope import shown_email
from app.presenters.guests import name_of
from app.services import audit, booking_search, events
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


@blueprint.get("/refunds.csv")
def export() -> Answer:
    query = _query()
    event = events.get_event(query.event_id, drafts=True) if query.event_id else None
    audit.note_export("CSV", booking_search.count_owed(query), event)
    return csv_file("to-be-given-back", HEADER, _rows(query))


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
