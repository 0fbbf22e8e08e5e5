"""What an organiser does with one event besides changing its facts."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from app.api.admin_schemas import AdminEventsQuery, CopyIn, LiveSalesOut, SampleOut
from app.api.body import api_blueprint
from app.api.present import event_out, json_response, page_response
from app.api.schemas import EventOut, EventsOut
from app.api.spec import KEY, answers, valid
from app.edge.current import desk
from app.edge.extensions import csrf
from app.lib.images import MEDIA_TYPES
from app.services import event_images, events, live_sales
from app.services.event_search import EventQuery

blueprint = api_blueprint("admin_events", __name__)
images = Blueprint("api_images", __name__)
"""Takes a picture as it is, not JSON; no form can send that, nor a key."""
csrf.exempt(images)
ADMIN: dict[str, Any] = {"tags": ["Admin"], "security": [{KEY: []}]}


@blueprint.get("/admin/events")
@valid(
    answers(401, HTTP_200=EventsOut),
    query=AdminEventsQuery,
    operation_id="listEventsWithDrafts",
    **ADMIN,
)
def list_events(query: AdminEventsQuery) -> Response:
    """List events, drafts too

    The soonest first; with `past`, those that have started, the latest first.
    """
    asked = EventQuery(
        q=query.q, past_only=query.past, drafts=True, limit=query.limit, after=query.after
    )
    page = events.list_events(asked)
    return page_response(EventsOut([event_out(event) for event in page.items]), page)


@blueprint.post("/admin/events/<id:event_id>/copies")
@valid(
    answers(400, 401, 404, 413, 415, HTTP_201=EventOut),
    body=CopyIn,
    operation_id="copyEvent",
    **ADMIN,
)
def copy_event(event_id: int, body: CopyIn) -> Response:
    """Make a draft like an event, under another name"""
    event = events.duplicate_event(event_id, body.name, desk())
    response = json_response(event_out(event), 201)
    response.headers["Location"] = f"/events/{event.id}"
    return response


@blueprint.get("/admin/events/<id:event_id>/console")
@valid(answers(401, 404, HTTP_200=LiveSalesOut), operation_id="watchEvent", **ADMIN)
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


@images.put("/admin/events/<id:event_id>/image")
@valid(answers(400, 401, 404, 413, 415, 503, HTTP_200=EventOut), operation_id="setImage", **ADMIN)
def set_image(event_id: int) -> Response:
    """Give an event its own picture instead of its poster

    A JPEG, PNG or WebP of at most 5 MB (5,000,000 bytes) as the body, of at most 12 million pixels
    (a WebP 6 million, a baseline JPEG 60 million); it is made anew at the sizes that are shown.
    Pictures are worked on one at a time: 503 says that too many wait.
    """
    if request.mimetype not in MEDIA_TYPES:
        raise UnsupportedMediaType(f"Send one of {', '.join(sorted(MEDIA_TYPES))}.")
    return json_response(event_out(event_images.set_image(event_id, request.get_data(), desk())))


@images.delete("/admin/events/<id:event_id>/image")
@valid(answers(401, 404, 503, HTTP_204=None), operation_id="removeImage", **ADMIN)
def remove_image(event_id: int) -> tuple[str, int]:
    """Show an event's poster again"""
    event_images.remove_image(event_id, desk())
    return "", 204
