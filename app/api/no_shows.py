"""Who booked and did not come, for programs."""

from datetime import datetime

from flask import Response
from pydantic import Field

from app.api.body import api_blueprint
from app.api.check_ins import DOOR
from app.api.fields import Payload
from app.api.present import page_response
from app.api.schemas import PagingQuery
from app.api.spec import answers, valid
from app.models import Booking
from app.models.staff_scope import shown_email
from app.presenters.guests import guest_name
from app.services import no_shows

blueprint = api_blueprint("no_shows", __name__)


class NoShowOut(Payload):
    booking_id: int
    reference: str
    guest: str
    user_email: str | None = Field(description="Null where the key may not see guests' emails.")
    seats: int
    created_at: datetime


class NoShowsOut(Payload):
    begun: bool = Field(description="Before the event begins nobody is missed: the list is empty.")
    bookings: int = Field(description="Bookings of whom nobody is in.")
    seats: int = Field(description="Their seats.")
    seats_missing: int = Field(description="Seats not in of bookings of whom somebody is.")
    no_shows: list[NoShowOut] = Field(description="By name.")


@blueprint.get("/admin/events/<id:event_id>/no-shows")
@valid(
    answers(401, 404, HTTP_200=NoShowsOut),
    query=PagingQuery,
    operation_id="listNoShows",
    **DOOR,
)
def list_no_shows(event_id: int, query: PagingQuery) -> Response:
    """List who booked and did not come, by name"""
    found = no_shows.list_no_shows(event_id, limit=query.limit, after=query.after)
    listed = NoShowsOut(
        begun=found.begun,
        bookings=found.bookings,
        seats=found.seats,
        seats_missing=found.seats_missing,
        no_shows=[_out(booking) for booking in found.page.items],
    )
    return page_response(listed, found.page)


def _out(booking: Booking) -> NoShowOut:
    return NoShowOut(
        booking_id=booking.id,
        reference=booking.reference,
        guest=guest_name(booking),
        user_email=shown_email(booking.user.email),
        seats=booking.seats,
        created_at=booking.created_at,
    )
