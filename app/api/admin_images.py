"""Events' own pictures, which replace the generated posters."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from app.api.event_schemas import EventOut
from app.api.present import event_out, json_response
from app.api.spec import STAFF, answers, valid
from app.edge.current import desk
from app.edge.extensions import csrf
from app.lib.images import MEDIA_TYPES
from app.services import event_images, ticket_types

blueprint = Blueprint("api_images", __name__)
"""Takes raw pictures, not JSON. Needs no CSRF token: a form can send neither these nor a key."""
csrf.exempt(blueprint)


@blueprint.put("/admin/events/<id:event_id>/image")
@valid(answers(400, 401, 404, 413, 415, 503, HTTP_200=EventOut), operation_id="setImage", **STAFF)
def set_image(event_id: int) -> Response:
    """Give an event its own picture instead of its poster

    A JPEG, PNG or WebP of at most 5 MB (5,000,000 bytes) as the body, of at most 12 million pixels
    (a WebP 6 million, a baseline JPEG 60 million); it is made anew at the sizes that are shown.
    Pictures are worked on one at a time: 503 says that too many wait.
    """
    if request.mimetype not in MEDIA_TYPES:
        raise UnsupportedMediaType(f"Send one of {', '.join(sorted(MEDIA_TYPES))}.")
    event = event_images.set_image(event_id, request.get_data(), desk())
    return json_response(event_out(event, ticket_types.list_types(event_id)))


@blueprint.delete("/admin/events/<id:event_id>/image")
@valid(answers(401, 404, 503, HTTP_204=None), operation_id="removeImage", **STAFF)
def remove_image(event_id: int) -> tuple[str, int]:
    """Show an event's poster again"""
    event_images.remove_image(event_id, desk())
    return "", 204
