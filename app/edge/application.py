"""The Flask, Request and Rule subclasses: body limits, URLs, static files, no coroutine checks."""

from collections.abc import Callable
from posixpath import normpath
from typing import IO, Any, cast

from flask import Flask, Response, request
from flask import Request as BaseRequest
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.routing import Rule
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream, get_input_stream

from app.edge.addresses import Addresses
from app.edge.size_limits import MAX_BODY, MAX_EVENT_FORM
from app.edge.static_files import is_copy
from app.lib.images import MAX_BYTES

EVENT_FORM = frozenset(
    (
        *("admin_events.create", "admin_events.update"),
        *("admin_events.publish", "admin_events.withdraw"),
        *("admin_images.upload", "admin_images.remove"),
        *("admin_live_sales.pause", "admin_live_sales.resume"),
    )
)
"""Where the event's form is sent by its buttons, and a picture with it."""
MAX_WITH_PICTURE = MAX_BYTES + MAX_EVENT_FORM
LARGER = {
    "api_images.set_image": MAX_BYTES + MAX_BODY,
    **dict.fromkeys((*EVENT_FORM, "admin_events.preview", "admin_events.check"), MAX_EVENT_FORM),
    # A bank's statement.
    **dict.fromkeys(("admin_statements.show", "admin_statements.mark"), MAX_EVENT_FORM),
}


class WholeStream(LimitedStream):
    """A stream that refuses a body longer than its limit.

    Werkzeug's own silently truncates it when all is read at once, and a chunked body announces no
    length beforehand.
    """

    def readall(self) -> bytes:
        """Return the whole body. Raises `RequestEntityTooLarge` when it exceeds the limit."""
        body = super().readall()
        if self.is_exhausted and self._stream.read(1):
            raise RequestEntityTooLarge
        return body


class Request(BaseRequest):
    """A request whose body limit depends on its endpoint."""

    @property  # type: ignore[misc]
    def max_content_length(self) -> int | None:  # type: ignore[override]
        if self.endpoint in EVENT_FORM and self.mimetype == "multipart/form-data":
            return MAX_WITH_PICTURE
        return LARGER.get(self.endpoint or "", MAX_BODY)

    @cached_property
    def stream(self) -> IO[bytes]:
        limit = self.max_content_length or MAX_BODY
        found = get_input_stream(self.environ, max_content_length=limit)
        if "wsgi.input_terminated" in self.environ:
            return cast("IO[bytes]", WholeStream(self.environ["wsgi.input"], limit, is_max=True))
        return found


class UrlRule(Rule):
    """A rule that compiles the functions that write its URL when the first URL is written.

    Werkzeug compiles two for every rule at once: three quarters of the time that `create_app`
    takes, in each worker and for each command. Most processes write the URLs of few rules.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        name = "_build_unknown" if append_unknown else "_build"

        def build_first(rule: Rule, **values: Any) -> tuple[str, str]:
            build = compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, name, build)
            return cast("tuple[str, str]", build(**values))

        return build_first


class Application(Flask):
    """Flask without its coroutine checks, which it makes ten times per request.

    All our views, hooks and handlers are plain functions.
    """

    request_class = Request
    url_rule_class = UrlRule
    url_map_class = Addresses  # type: ignore[assignment]

    def send_static_file(self, filename: str) -> Response:
        """Answer what `StaticFiles` passed on; also for files that are newer than the process.

        A file has one address: Flask would find it under `css/./site.css` and `site.css/` too.
        """
        if is_copy(filename) or normpath(filename) != filename:
            raise NotFound
        found: Response | None = self.extensions["static_files"].response(filename, request.environ)
        return found or super().send_static_file(filename)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
