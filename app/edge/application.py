"""The Flask application, without the parts that only others need."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask import Request as BaseRequest

from app.edge.addresses import Addresses
from app.edge.sizes import MAX_BODY, MAX_EVENT_FORM
from app.pictures import MAX_BYTES

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
