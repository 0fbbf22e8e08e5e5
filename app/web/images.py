"""Events' own pictures. URLs contain the content's digest, so that browsers cache them for ever."""

from flask import Blueprint, Response

from app.edge.headers import for_ever
from app.services import event_images

blueprint = Blueprint("images", __name__)


@blueprint.get("/images/<string(length=64):digest>/card.webp")
def card(digest: str) -> Response:
    return for_ever(event_images.get_image(digest).card, "image/webp")


@blueprint.get("/images/<string(length=64):digest>/wide.jpg")
def wide(digest: str) -> Response:
    return for_ever(event_images.get_image(digest).wide, "image/jpeg")
