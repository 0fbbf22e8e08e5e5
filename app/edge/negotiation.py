"""Content negotiation: the same URL is a page for a browser, and JSON for a program.

The JSON API lives below `/api`. A request for a bare URL such as `/events/7` is routed to the API
unless it asks for a page, by accepting `text/html` explicitly or by sending `HX-Request`. URLs that
exist only as pages are always pages.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api"
WANTS_JSON = "utsavam.json"
VARY = "utsavam.vary"
"""The environ key of the headers to name in `Vary`."""


def wants_json() -> bool:
    """Whether the current request is answered in JSON, including its errors."""
    return bool(request.environ.get(WANTS_JSON))


def asks_for_page(environ: "WSGIEnvironment") -> bool:
    """Whether the request comes from HTMX or accepts HTML explicitly (not by `*/*`)."""
    if "HTTP_HX_REQUEST" in environ:
        return True
    return _accepts_page(environ.get("HTTP_ACCEPT", ""))


@lru_cache(maxsize=1_000)
def _accepts_page(accept: str) -> bool:
    pages = {"text/html", "application/xhtml+xml"}
    return any(
        mime.partition(";")[0].lower() in pages and quality > 0
        for mime, quality in parse_accept_header(accept, MIMEAccept)
    )


class Negotiation:
    """WSGI middleware that routes programs from the bare URLs to those of the API."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._inner = inner
        urls = app.url_map.bind("localhost")
        known: dict[frozenset[str], frozenset[str]] = {}

        # The routes don't change once the application serves, so the results may be cached. There
        # are as many paths as bookings but few different sets, so equal sets are shared.
        @lru_cache(maxsize=4_000)
        def methods(path: str) -> frozenset[str]:
            found = frozenset(urls.allowed_methods(path))
            return known.setdefault(found, found)

        self._methods = methods

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(f"{PREFIX}/"):
            environ[WANTS_JSON] = True
        else:
            self._negotiate(environ, path)
        return self._inner(environ, start_response)

    def _negotiate(self, environ: "WSGIEnvironment", path: str) -> None:
        api, pages = self._methods(PREFIX + path), self._methods(path)
        # A 404 for an unknown URL has both representations too.
        if bool(api) == bool(pages):
            environ[VARY] = "Accept, HX-Request"
        if asks_for_page(environ):
            # `/health` and `DELETE /bookings/7`, for example, exist in the API only.
            use_api = bool(api) and environ["REQUEST_METHOD"] not in pages
        else:
            use_api = bool(api)
            environ[WANTS_JSON] = use_api or not pages
        if use_api:
            environ[WANTS_JSON] = True
            environ["PATH_INFO"] = PREFIX + path
        elif not path.startswith("/static/"):
            environ.setdefault(VARY, "HX-Request")
