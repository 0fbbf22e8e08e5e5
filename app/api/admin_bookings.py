"""Bookings for organisers: of one event, or of all; and their guests, corrected."""

from flask import Response

from app.api.admin_schemas import GuestChangeIn, GuestOut, GuestsOut, GuestsQuery
from app.api.body import api_blueprint
from app.api.present import event_booking_out, guest_out, json_response, page_response
from app.api.schemas import EventBookingsOut, EventBookingsQuery
from app.api.spec import STAFF, answers, valid
from app.edge.current import desk
from app.services import audit, booking_guests, booking_search
from app.services.booking_guests import GuestChange
from app.services.booking_search import BookingQuery

blueprint = api_blueprint("admin_bookings", __name__)


@blueprint.get("/admin/events/<id:event_id>/bookings")
@valid(
    answers(401, 404, HTTP_200=EventBookingsOut),
    query=EventBookingsQuery,
    operation_id="listBookingsOfEvent",
    **STAFF,
)
def list_bookings_of_event(event_id: int, query: EventBookingsQuery) -> Response:
    """List an event's bookings, the newest first"""
    page = booking_search.search_bookings_of_event(
        event_id,
        status=query.status or "",
        state=query.state or "",
        q=query.q,
        limit=query.limit,
        after=query.after,
    )
    if page.items:
        audit.note_export("API", len(page.items), page.items[0].event)
    return page_response(
        EventBookingsOut([event_booking_out(b, query.q) for b in page.items]), page
    )


@blueprint.get("/admin/bookings")
@valid(
    answers(401, HTTP_200=GuestsOut),
    query=GuestsQuery,
    operation_id="listAllBookings",
    **STAFF,
)
def list_bookings(query: GuestsQuery) -> Response:
    """List the bookings of all events, the newest first"""
    asked = BookingQuery(query.event_id, query.status or "", query.q, query.state or "")
    page = booking_search.search_bookings(asked, limit=query.limit, after=query.after)
    if page.items:
        event = page.items[0].event if query.event_id else None
        audit.note_export("API", len(page.items), event)
    return page_response(GuestsOut([guest_out(booking, query.q) for booking in page.items]), page)


@blueprint.patch("/admin/bookings/<id:booking_id>/guest")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_200=GuestOut),
    body=GuestChangeIn,
    operation_id="changeGuestOfBooking",
    **STAFF,
)
def change_guest(booking_id: int, body: GuestChangeIn) -> Response:
    """Correct a booking's guest

    With another email the booking moves to that person, its ticket's address is replaced, and the
    ticket is sent to them. Whoever booked signed in is not changed. With `seen_email` or
    `seen_name`, nothing changes if the guest is another by now.
    """
    change = GuestChange(**body.model_dump())
    return json_response(guest_out(booking_guests.change_guest(desk(), booking_id, change)))
