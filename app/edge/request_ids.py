"""Names each request as it comes in, and tells of it when it is over, if that is wanted."""

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

from app.lib.request_id import WELL_FORMED, new_id, request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE = "utsavam.route"
"""Where an answer that is given without a Flask request notes its route."""

log = logging.getLogger("app.access")


class RequestIds:
    """WSGI middleware. The name stays until the next request of the same greenlet or thread: an
    answer may still be streamed, or its connection fail, when this call is over."""

    def __init__(self, inner: "WSGIApplication", *, trusting: bool) -> None:
        self._inner, self._trusting = inner, trusting

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trusting else ""
        request_id.set(given if WELL_FORMED.fullmatch(given) else new_id())
        return self._inner(environ, start_response)


class AccessLog:
    """WSGI middleware: a line for each request, without its path, which anybody may write into.

    The route tells what was asked for; its ids are in the path alone, and are left out as well.
    """

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        began = time.perf_counter()
        facts: dict[str, Any] = {"method": environ["REQUEST_METHOD"]}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            facts.update(route=route_of(environ), status=int(status[:3]))
            return start_response(status, headers, *error)

        def tell() -> None:
            facts["ms"] = round((time.perf_counter() - began) * 1000, 1)
            log.info("request", extra=facts)

        return ClosingIterator(self._inner(environ, start), tell)


def route_of(environ: "WSGIEnvironment") -> str | None:
    """The rule that fitted; None when none did. Flask forgets its request once it is answered."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else environ.get(ROUTE)
