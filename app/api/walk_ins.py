"""Seats sold and given at the door, for programs."""

from uuid import UUID

from flask import Response

from app.api.body import api_blueprint
from app.api.check_in_schemas import ArrivalsOut, UndoIn
from app.api.check_ins import DOOR
from app.api.present import json_response
from app.api.spec import answers, valid
from app.api.walk_in_schemas import WalkInIn, WalkInOut
from app.booking.walk_ins import WalkIn
from app.edge.current import desk
from app.models import Booking
from app.presenters.guests import guest_name
from app.services import admissions, walk_ins

blueprint = api_blueprint("walk_ins", __name__)


@blueprint.post("/admin/events/<id:event_id>/walk-ins")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_201=WalkInOut),
    body=WalkInIn,
    operation_id="admitWalkIn",
    **DOOR,
)
def create_walk_in(event_id: int, body: WalkInIn) -> Response:
    """Sell or give seats at the door

    Also while the event is under way. The seats are booked and in at once; seats of a hold named
    "Door" are taken first. A request whose answer was lost is sent again with the same `id`.
    """
    booking = walk_ins.admit(desk(), event_id, WalkIn(**body.model_dump()))
    return json_response(_out(booking), 201)


@blueprint.post("/admin/events/<id:event_id>/walk-ins/<uuid:check_in_id>/undo")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_200=WalkInOut),
    body=UndoIn,
    operation_id="undoWalkIn",
    **DOOR,
)
def undo_walk_in(event_id: int, check_in_id: UUID, body: UndoIn) -> Response:
    """Undo a walk-in

    Its guests are not in any more, and the seats are on sale again.
    """
    booking = walk_ins.undo(desk(), event_id, check_in_id, undo_id=body.id, door=body.door)
    return json_response(_out(booking))


def _out(booking: Booking) -> WalkInOut:
    kind = booking.ticket_type
    return WalkInOut(
        booking_id=booking.id,
        reference=booking.reference,
        guest=guest_name(booking),
        seats=booking.seats,
        ticket_type=kind.name if kind else None,
        status=booking.status,
        to_collect_minor=booking.total_minor if booking.takes_seats else 0,
        currency=booking.currency,
        arrivals=ArrivalsOut.of(admissions.arrivals(booking.event_id)),
    )
