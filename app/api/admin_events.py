"""Events for organisers, drafts included: list, create, change, delete, copy, watch."""

from flask import Response

from app.api.admin_schemas import AdminEventsQuery, CopyIn, LiveSalesOut, SampleOut
from app.api.body import api_blueprint
from app.api.event_schemas import DeletionQuery, EventChange, EventIn, EventOut, EventsOut
from app.api.present import event_out, events_out, json_response, page_response
from app.api.spec import STAFF, answers, valid
from app.edge.current import desk
from app.edge.search_meanings import meanings_here
from app.services import events, live_sales, ticket_types
from app.services.event_search import EventQuery

blueprint = api_blueprint("admin_events", __name__)


@blueprint.get("/admin/events")
@valid(
    answers(401, HTTP_200=EventsOut),
    query=AdminEventsQuery,
    operation_id="listEventsWithDrafts",
    **STAFF,
)
def list_events(query: AdminEventsQuery) -> Response:
    """List events, drafts too

    The soonest first; with `past`, those that are over, the latest first.
    """
    asked = EventQuery(
        q=query.q,
        meanings=meanings_here(query.q, past=query.past),
        past_only=query.past,
        drafts=True,
        limit=query.limit,
        after=query.after,
    )
    page = events.list_events(asked)
    return page_response(events_out(page.items, ticket_types.types_of_events(page.items)), page)


@blueprint.post("/admin/events")
@valid(
    answers(400, 401, 413, 415, HTTP_201=EventOut),
    body=EventIn,
    operation_id="createEvent",
    **STAFF,
)
def create_event(body: EventIn) -> Response:
    """Create an event"""
    event = events.create_event(body.model_dump(), desk())
    response = json_response(event_out(event), 201)
    response.headers["Location"] = f"/events/{event.id}"
    return response


@blueprint.put("/admin/events/<id:event_id>")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_200=EventOut),
    body=EventChange,
    operation_id="updateEvent",
    **STAFF,
)
def update_event(event_id: int, body: EventChange) -> Response:
    """Change an event

    A capacity below the seats sold is refused, and the answer names their number.
    """
    event = events.update_event(event_id, body.model_dump(exclude_unset=True), desk())
    return json_response(event_out(event, ticket_types.list_types(event_id)))


@blueprint.delete("/admin/events/<id:event_id>")
@valid(
    answers(401, 404, 409, 503, HTTP_204=None),
    query=DeletionQuery,
    operation_id="deleteEvent",
    **STAFF,
)
def delete_event(event_id: int, query: DeletionQuery) -> tuple[str, int]:
    """Delete an event

    One with confirmed bookings needs `force=true`, which cancels them and keeps their record.
    """
    events.delete_event(event_id, desk(), force=query.force)
    return "", 204


@blueprint.post("/admin/events/<id:event_id>/copies")
@valid(
    answers(400, 401, 404, 413, 415, HTTP_201=EventOut),
    body=CopyIn,
    operation_id="copyEvent",
    **STAFF,
)
def copy_event(event_id: int, body: CopyIn) -> Response:
    """Make a draft like an event, under another name"""
    event = events.duplicate_event(event_id, body.name, desk(), start=body.start_at)
    types = ticket_types.list_types(event.id)
    response = json_response(event_out(event, types), 201)
    response.headers["Location"] = f"/events/{event.id}"
    return response


@blueprint.get("/admin/events/<id:event_id>/console")
@valid(answers(401, 404, HTTP_200=LiveSalesOut), operation_id="watchEvent", **STAFF)
def watch(event_id: int) -> Response:
    """Watch an event's sale: the last two minutes, second by second

    What Redis tells is null while it is away.
    """
    found = live_sales.watch(event_id, desk())
    return json_response(
        LiveSalesOut(
            at=found.at,
            seats_available=found.event.seats_available,
            seats_held=found.event.seats_held,
            tokens=found.tokens,
            queue=found.history.queue if found.history else None,
            processes=found.history.processes if found.history else None,
            beats=[SampleOut.model_validate(sample) for sample in found.samples],
        )
    )
