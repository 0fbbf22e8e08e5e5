"""WSGI middleware for request ids, and for the optional access log."""

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

from app.lib.request_id import WELL_FORMED, new_id, request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE = "utsavam.route"
"""The environ key of the route, for responses given without a Flask request."""

log = logging.getLogger("app.access")


class RequestIds:
    """WSGI middleware that gives each request an id; `trusting` takes it from `X-Request-Id`.

    The id stays set until the next request of the same greenlet or thread, as the response may
    still be streamed, or its connection fail, after this call.
    """

    def __init__(self, inner: "WSGIApplication", *, trusting: bool) -> None:
        self._inner, self._trusting = inner, trusting

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trusting else ""
        request_id.set(given if WELL_FORMED.fullmatch(given) else new_id())
        return self._inner(environ, start_response)


class AccessLog:
    """WSGI middleware that logs a line per request.

    It logs the route instead of the path, which may hold any text that a client sends; the ids in
    the path are left out too.
    """

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        facts: dict[str, Any] = {"method": environ["REQUEST_METHOD"]}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            facts.update(route=route_of(environ), status=int(status[:3]))
            return start_response(status, headers, *error)

        def log_request() -> None:
            facts["ms"] = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", extra=facts)

        return ClosingIterator(self._inner(environ, start), log_request)


def route_of(environ: "WSGIEnvironment") -> str | None:
    """Return the URL rule that matched, or None.

    Reads the environ, as Flask's request context is gone once the response is made.
    """
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else environ.get(ROUTE)
