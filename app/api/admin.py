"""The organiser's side of events."""

from typing import Any

from flask import Response

from app.api.admin_schemas import SeededOut
from app.api.body import api_blueprint
from app.api.present import event_booking_out, event_out, json_response, page_response
from app.api.schemas import (
    DeletionQuery,
    EventBookingsOut,
    EventBookingsQuery,
    EventChange,
    EventIn,
    EventOut,
)
from app.api.spec import KEY, answers, valid
from app.edge.current import desk, settings
from app.services import bookings, demo, events

blueprint = api_blueprint("admin", __name__)
ADMIN: dict[str, Any] = {"tags": ["Admin"], "security": [{KEY: []}]}


@blueprint.post("/admin/events")
@valid(
    answers(400, 401, 413, 415, HTTP_201=EventOut),
    body=EventIn,
    operation_id="createEvent",
    **ADMIN,
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
    **ADMIN,
)
def update_event(event_id: int, body: EventChange) -> Response:
    """Change an event

    A capacity below the seats sold is refused, and the answer names their number.
    """
    event = events.update_event(event_id, body.model_dump(exclude_unset=True), desk())
    return json_response(event_out(event))


@blueprint.delete("/admin/events/<id:event_id>")
@valid(
    answers(401, 404, 409, 503, HTTP_204=None),
    query=DeletionQuery,
    operation_id="deleteEvent",
    **ADMIN,
)
def delete_event(event_id: int, query: DeletionQuery) -> tuple[str, int]:
    """Delete an event

    One with confirmed bookings needs `force=true`, which cancels them and keeps their record.
    """
    events.delete_event(event_id, desk(), force=query.force)
    return "", 204


@blueprint.get("/admin/events/<id:event_id>/bookings")
@valid(
    answers(401, 404, HTTP_200=EventBookingsOut),
    query=EventBookingsQuery,
    operation_id="listBookingsOfEvent",
    **ADMIN,
)
def list_bookings(event_id: int, query: EventBookingsQuery) -> Response:
    """List an event's bookings, the newest first"""
    page = bookings.list_bookings_of_event(event_id, **query.model_dump())
    return page_response(EventBookingsOut([event_booking_out(b) for b in page.items]), page)


@blueprint.post("/admin/seed_demo_data")
@valid(answers(401, HTTP_201=SeededOut), operation_id="seedDemoData", **ADMIN)
def seed_demo_data() -> Response:
    """Seed the demo's users and events

    What is there already stays as it is. Outside the demo its users have no password.
    """
    seeded = demo.seed_demo(desk(), with_password=settings().demo)
    return json_response(SeededOut.model_validate(seeded), 201)
