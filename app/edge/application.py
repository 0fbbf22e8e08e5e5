"""The Flask application, without the parts that only others need."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask import Request as BaseRequest

from app.edge.addresses import Addresses
from app.pictures import MAX_BYTES

MAX_BODY = 64 * 1024
"""Bytes of a request; only an upload and an event's form are larger."""
MAX_EVENT_FORM = 256 * 1024
"""20,000 letters of a description, each of them up to nine signs long in a form."""
LARGER = {
    **dict.fromkeys(("admin_images.upload", "api_images.set_image"), MAX_BYTES + MAX_BODY),
    **dict.fromkeys(
        (
            "admin_events.create",
            "admin_events.update",
            "admin_events.preview",
            "admin_events.check",
        ),
        MAX_EVENT_FORM,
    ),
}


class Request(BaseRequest):
    @property  # type: ignore[misc]
    def max_content_length(self) -> int | None:  # type: ignore[override]
        return LARGER.get(self.endpoint or "", MAX_BODY)


class Application(Flask):
    """Every view, hook and handler of ours is a plain function, so none is asked whether it is a
    coroutine: Flask asks ten times a request."""

    request_class = Request
    url_map_class = Addresses  # type: ignore[assignment]

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
