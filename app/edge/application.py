"""The Flask application, without the parts that only others need."""

from collections.abc import Callable
from typing import IO, Any, cast

from flask import Flask
from flask import Request as BaseRequest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream, get_input_stream

from app.edge.addresses import Addresses
from app.edge.size_limits import MAX_BODY, MAX_EVENT_FORM
from app.lib.images import MAX_BYTES

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


class WholeStream(LimitedStream):
    """Refuses what goes on beyond its limit; Werkzeug's own cuts it off when all is read at once,
    and a body in chunks says no length beforehand."""

    def readall(self) -> bytes:
        """Raises `RequestEntityTooLarge`."""
        body = super().readall()
        if self.is_exhausted and self._stream.read(1):
            raise RequestEntityTooLarge
        return body


class Request(BaseRequest):
    @property  # type: ignore[misc]
    def max_content_length(self) -> int | None:  # type: ignore[override]
        return LARGER.get(self.endpoint or "", MAX_BODY)

    @cached_property
    def stream(self) -> IO[bytes]:
        most = self.max_content_length or MAX_BODY
        found = get_input_stream(self.environ, max_content_length=most)
        if "wsgi.input_terminated" in self.environ:
            return cast("IO[bytes]", WholeStream(self.environ["wsgi.input"], most, is_max=True))
        return found


class Application(Flask):
    """Every view, hook and handler of ours is a plain function, so none is asked whether it is a
    coroutine: Flask asks ten times a request."""

    request_class = Request
    url_map_class = Addresses  # type: ignore[assignment]

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
