"""Pages wait in line, so that a crowd that reads holds up nobody who books.

Orders, other forms and programs go on at once. Who has waited for too long is told 503, by a page
that tries again by itself; and so is, at the door, whose password can't be hashed in time.
"""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from gevent import Timeout, idle
from gevent.monkey import is_module_patched
from werkzeug.test import create_environ

from app.config import Settings
from app.edge.error_handlers import ABOVE_THE_PAGE, present
from app.edge.headers import STATIC
from app.edge.negotiation import WANTS_JSON, asks_for_page
from app.edge.rate_limits import client_network
from app.errors import TooManyReaders, TooManySignIns, Unavailable
from app.lib.admission import Admission, NotAdmitted
from app.lib.request_id import request_id
from app.presenters.problems import problem_of
from app.services import accounts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_WAITING = 2_000
"""Pages in the line of a process, half of the connections that it may have."""
TIMEOUT = 4.0
"""Seconds in line; of the ten that a request may take, the rest is for the page."""
COME_AGAIN = 5, 10
"""Seconds after which to come again, at least and at most."""
READS = frozenset({"GET", "HEAD"})
UNQUEUED = frozenset({"/health", "/ready"})
HASHING = frozenset({"/sign-in", "/sign-up"})
"""Where forms are sent with a password, which takes a processor 40 ms."""
ID = "0123456789abcdef"
"""Stands in a page that is kept, for the id of the request that it answers."""


def wait_until_idle(seconds: float) -> None:
    """Return when gevent's loop has nothing else to do, or after so many seconds."""
    with Timeout(seconds, False):
        idle()


class PageAdmission:
    """WSGI middleware that admits pages a few at a time, in the order in which they came."""

    def __init__(self, app: Flask, settings: Settings, inner: "WSGIApplication") -> None:
        self._inner, self._refusals = inner, Refusals(app)
        # A page waits in a thread there, and orders must find some that are free.
        few = settings.worker_class == "gthread"
        most = settings.worker_threads // 2 if few else MAX_WAITING
        self._line = app.extensions["page_line"] = Admission(
            max_waiting=most,
            timeout=TIMEOUT,
            wait_until_idle=wait_until_idle if is_module_patched("threading") else None,
        )

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in READS:
            return self._do(environ, start_response)
        path = environ["PATH_INFO"]
        if environ.get(WANTS_JSON) or path in UNQUEUED or path.startswith(STATIC):
            return self._inner(environ, start_response)
        place = object()
        try:
            self._line.enter(place)
        except NotAdmitted:
            if asks_for_page(environ):
                return self._refusals.answer(environ, start_response, TooManyReaders)
            # A picture comes late, rather than leaving a hole in a page.
        try:
            return self._inner(environ, start_response)
        finally:
            self._line.leave(place)

    def _do(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in HASHING and accounts.is_too_busy_for(client_network(environ.get("REMOTE_ADDR"))):
            return self._refusals.answer(environ, start_response, TooManySignIns)
        if not path.endswith("/bookings"):
            return self._inner(environ, start_response)
        with self._line.urgent():
            return self._inner(environ, start_response)


class Refusals:
    """Pages that say 503. Each is rendered once: whoever refuses must do so at little cost."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages: dict[tuple[type[Unavailable], str, bool], list[bytes]] = {}

    def answer(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        error: type[Unavailable],
    ) -> Iterable[bytes]:
        for_htmx = environ.get("HTTP_HX_REQUEST") == "true"
        key = (error, environ["SCRIPT_NAME"], for_htmx)
        if key not in self._pages:
            self._pages[key] = self._render(*key)
        body = request_id.get().encode().join(self._pages[key])
        # Not all at once: they would be a crowd again.
        seconds = str(random.randint(*COME_AGAIN))  # noqa: S311 - no secret
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Retry-After", seconds),
            *(ABOVE_THE_PAGE.items() if for_htmx else [("Refresh", seconds)]),
        ]
        start_response("503 SERVICE UNAVAILABLE", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _render(self, error: type[Unavailable], root: str, for_htmx: bool) -> list[bytes]:
        """The page around the request id."""
        headers = {"HX-Request": "true"} if for_htmx else {"Accept": "text/html"}
        environ = create_environ("/", f"http://127.0.0.1{root}", headers=headers)
        token = request_id.set(ID)
        try:
            with self._app.request_context(environ):
                page = present(problem_of(error())).get_data()
        finally:
            request_id.reset(token)
        return page.split(ID.encode())
