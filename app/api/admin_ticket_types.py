"""An event's ticket types, for its organisers."""

from flask import Response

from app.api.body import api_blueprint
from app.api.present import json_response, standing_facts
from app.api.spec import STAFF, answers, valid
from app.api.ticket_type_schemas import TypeChange, TypeIn, TypeOfEventOut, TypesOfEventOut
from app.edge.current import desk
from app.models import Event, TicketType
from app.services import events, ticket_types

blueprint = api_blueprint("admin_ticket_types", __name__)


@blueprint.get("/admin/events/<id:event_id>/ticket-types")
@valid(answers(401, 404, HTTP_200=TypesOfEventOut), operation_id="listTicketTypes", **STAFF)
def list_types(event_id: int) -> Response:
    """List an event's ticket types

    Also those that are hidden or withdrawn. An event without any sells one implicit type: its own
    price.
    """
    event = events.get_event(event_id, drafts=True)
    found = [_out(event, kind) for kind in ticket_types.list_types(event_id)]
    return json_response(TypesOfEventOut(ticket_types=found))


@blueprint.post("/admin/events/<id:event_id>/ticket-types")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_201=TypeOfEventOut),
    body=TypeIn,
    operation_id="addTicketType",
    **STAFF,
)
def add_type(event_id: int, body: TypeIn) -> Response:
    """Add a ticket type to an event

    With the first, what the event sold so far becomes its default type, at the event's price.
    """
    kind = ticket_types.add_type(event_id, body.model_dump(exclude_unset=True), desk())
    return json_response(_shown(event_id, kind), 201)


@blueprint.patch("/admin/events/<id:event_id>/ticket-types/<id:type_id>")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_200=TypeOfEventOut),
    body=TypeChange,
    operation_id="changeTicketType",
    **STAFF,
)
def change_type(event_id: int, type_id: int, body: TypeChange) -> Response:
    """Change a ticket type

    A new price is that of bookings to come. A quota below the seats that are taken is refused.
    """
    facts = body.model_dump(exclude_unset=True)
    return json_response(
        _shown(event_id, ticket_types.change_type(event_id, type_id, facts, desk()))
    )


@blueprint.delete("/admin/events/<id:event_id>/ticket-types/<id:type_id>")
@valid(answers(401, 404, 503, HTTP_204=None), operation_id="removeTicketType", **STAFF)
def remove_type(event_id: int, type_id: int) -> tuple[str, int]:
    """Remove a ticket type that was never booked

    The default type stays, and so does one with bookings: withdraw it instead.
    """
    ticket_types.remove_type(event_id, type_id, desk())
    return "", 204


def _shown(event_id: int, kind: TicketType) -> TypeOfEventOut:
    return _out(events.get_event(event_id, drafts=True), kind)


def _out(event: Event, kind: TicketType) -> TypeOfEventOut:
    stands = ticket_types.standing(kind, event.seats_available)
    return TypeOfEventOut.model_validate(standing_facts(TypeOfEventOut, event, stands))
