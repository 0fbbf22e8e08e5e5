"""Bookings as files: CSV and Excel, made while they are sent, with their progress."""

from collections.abc import Iterator
from uuid import UUID

from flask import render_template, request
from flask_babel import gettext as _

from app.admin.bookings import blueprint, query_of_request
from app.edge.current import redis_client, redis_names
from app.edge.exports import csv_file, excel_file
from app.edge.htmx import Answer
from app.lib.money import to_amount
from app.models import BookingState, Event
from app.models.references import spoken
from app.models.staff_scope import shown_email
from app.presenters.booking_states import state_label
from app.presenters.guests import name_of
from app.presenters.ticket_codes import code_texts
from app.services import audit, booking_search, export_progress
from app.services.booking_search import BookingQuery, BookingRow

HEADER = (
    "Reference", "Status", "Seats", "Price", "Currency", "Name", "Email", "Event", "Event starts",
    "Event ends", "Booked", "Cancelled", "Due", "How it is paid", "Seat codes",
    "Issued for", "Seats in", "Came in", "Ticket type",
    "To be paid by", "Fee",
)  # fmt: skip
WIDTHS = (17, 16, 7, 12, 10, 28, 32, 32, 18, 18, 18, 18, 12, 32, 40, 28, 9, 18, 20, 18, 12)
"""Of the columns in an Excel file, in characters."""


@blueprint.get("/bookings.csv")
def export_csv() -> Answer:
    query, event = query_of_request()
    audit.note_export("CSV", booking_search.count_bookings(query)[query.state], event)
    return csv_file(_name(event), HEADER, _rows_with_progress(query))


@blueprint.get("/bookings.xlsx")
def export_excel() -> Answer:
    query, event = query_of_request()
    audit.note_export("Excel", booking_search.count_bookings(query)[query.state], event)
    return excel_file(_name(event), HEADER, _rows_with_progress(query), WIDTHS)


@blueprint.get("/exports/<uuid:token>")
def progress(token: UUID) -> Answer:
    found = export_progress.progress_of(redis_client(), token.hex, redis_names())
    return render_template("fragments/export_progress.html", progress=found)


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
            _how(guest, at_the_door) if _due(guest) else "",
            " ".join(_codes(guest)),
            guest.issued_for,
            guest.seats_in,
            guest.first_in_at,
            guest.ticket_type,
            guest.reserved_until,
            to_amount(guest.fee_minor * guest.seats, guest.currency),
        )


def _due(guest: BookingRow) -> int:
    """What is to be paid for the seats that stand, in smallest units."""
    owes = guest.state == BookingState.RESERVED or (
        guest.state == BookingState.CONFIRMED and not guest.is_paid
    )
    return guest.price_minor * guest.seats if owes else 0


def _how(guest: BookingRow, at_the_door: str) -> str:
    return guest.payment_note or ("" if guest.reserved_until else at_the_door)


def _codes(guest: BookingRow) -> list[str]:
    """The codes of the seats that let somebody in."""
    if guest.state != BookingState.CONFIRMED:
        return []
    return code_texts(guest.reference, guest.seats)


def _name(event: Event | None) -> str:
    return f"bookings-{event.slug}" if event else "bookings"
