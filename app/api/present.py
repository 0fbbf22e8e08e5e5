"""Conversion of models to the API's responses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Response, request, url_for
from pydantic import BaseModel

from app.api.admin_schemas import GuestOut
from app.api.event_schemas import EventOut, EventsOut
from app.api.schemas import BookedOut, BookingOut, EventBookingOut, ListedUserOut, UserBookingOut
from app.api.ticket_type_schemas import TicketTypeOut
from app.booking.orders import Booked, Confirmed
from app.models import Booking, Event, TicketType, User
from app.models.booking import BookingStatus
from app.models.references import read_code
from app.models.staff_scope import shown_email
from app.presenters.prices import how_to_pay_in_words
from app.presenters.ticket_addresses import ticket_url
from app.services import ticket_types
from app.services.paging import Page
from app.services.ticket_types import Offered

Types = Mapping[int, Sequence[TicketType]]


def event_out(event: Event, types: Iterable[TicketType] = ()) -> EventOut:
    """The event, with those of its ticket types that are offered."""
    out = EventOut.model_validate(event)
    left = event.seats_available
    out.ticket_types = [_type_out(event, one) for one in ticket_types.offered_of(types, left)]
    return out


def events_out(found: Iterable[Event], types: Types) -> EventsOut:
    """The events, with their ticket types by event."""
    return EventsOut([event_out(event, types.get(event.id, ())) for event in found])


def _type_out(event: Event, offered: Offered) -> TicketTypeOut:
    return TicketTypeOut.model_validate(standing_facts(TicketTypeOut, event, offered))


def standing_facts(schema: type[BaseModel], event: Event, offered: Offered) -> dict[str, object]:
    """What the schema tells of an event's ticket type as it stands."""
    cost = event.cost_of(offered.type.price_minor)
    stands: dict[str, object] = {"state": offered.state, "seats_available": offered.left}
    stands |= {"total_minor": cost.price_minor, "total_fee_minor": cost.fee_minor}
    rest = schema.model_fields.keys() - stands
    return stands | {name: getattr(offered.type, name) for name in rest}


def _booking_facts(booking: Booking | Confirmed) -> dict[str, object]:
    return {
        "booking_id": booking.id,
        "status": booking.status,
        "user_id": booking.user_id,
        "event_id": booking.event_id,
        "seats": booking.seats,
        "reference": booking.reference,
    }


def booked_json(booked: Booked, *, for_guest: bool) -> str:
    """The booking as first confirmed: a replay gets the same answer as the first request."""
    facts = _ordered_facts(booked.booking, for_guest)
    if booked.others:
        facts["also_booked"] = [_ordered_facts(other, for_guest) for other in booked.others]
    return BookedOut.model_validate(facts).model_dump_json(exclude_unset=True)


def status_as_ordered(booking: Confirmed) -> str:
    """What a replay is answered: what became of a reservation, else what it was at first."""
    return booking.status if booking.reserved_until else BookingStatus.CONFIRMED.value


def _ordered_facts(booking: Confirmed, for_guest: bool) -> dict[str, object]:
    facts = {**_booking_facts(booking), "status": status_as_ordered(booking)}
    if booking.reserved_until is not None:
        facts["reserved_until"] = booking.reserved_until
    if booking.ticket_type_id is not None:
        facts["ticket_type_id"] = booking.ticket_type_id
        facts["ticket_type"] = booking.ticket_type
    if booking.order_reference is not None:
        facts["order_reference"] = booking.order_reference
    if for_guest:
        facts["ticket_url"] = ticket_url(booking)
    return facts


def _booking_details(booking: Booking) -> dict[str, object]:
    kind = booking.ticket_type
    return {
        **_booking_facts(booking),
        "state": booking.state,
        "price_minor": booking.price_minor,
        "fee_minor": booking.fee_minor,
        "currency": booking.currency,
        "ticket_type_id": kind and kind.id,
        "ticket_type": kind and kind.name,
        "order_reference": booking.order_reference,
        "payment": how_to_pay_in_words(booking),
        "reserved_until": booking.reserved_until,
        "created_at": booking.created_at,
        "cancelled_at": booking.cancelled_at,
    }


def booking_out(booking: Booking) -> BookingOut:
    return BookingOut.model_validate(_booking_details(booking))


def user_booking_out(booking: Booking) -> UserBookingOut:
    event = booking.event
    facts = {
        "event_name": event.name,
        "event_start_at": event.start_at,
        "event_phase": event.phase(),
    }
    return UserBookingOut.model_validate({**_booking_details(booking), **facts})


def event_booking_out(booking: Booking, q: str) -> EventBookingOut:
    """A booking with its guest, and the seat of a ticket's code that was searched for."""
    return EventBookingOut.model_validate(_guest_details(booking, q))


def guest_out(booking: Booking, q: str = "") -> GuestOut:
    """Like `event_booking_out`, with the event."""
    event = {"event_name": booking.event.name, "event_start_at": booking.event.start_at}
    return GuestOut.model_validate({**_guest_details(booking, q), **event})


def _guest_details(booking: Booking, q: str) -> dict[str, object]:
    code = read_code(q)
    return {
        **_booking_details(booking),
        "user_name": booking.guest_name or booking.user.name,
        "user_email": shown_email(booking.user.email),
        "scanned_seat": code.seat if code else None,
        "issued_for": booking.issued_for,
    }


def listed_user_out(user: User) -> ListedUserOut:
    listed = ListedUserOut.model_validate(user)
    return listed.model_copy(update={"email": shown_email(user.email)})


def json_response(payload: BaseModel, status: int = 200) -> Response:
    return Response(payload.model_dump_json(), status, mimetype="application/json")


def page_response(payload: BaseModel, page: Page[object]) -> Response:
    """A page of a listing, with the URL of the next page in the `Link` header (RFC 8288)."""
    response = json_response(payload)
    if page.next_cursor:
        query = {**request.args.to_dict(), "after": page.next_cursor}
        values: dict[str, Any] = {**(request.view_args or {}), **query}
        url = url_for(request.endpoint or "", **values)
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response
