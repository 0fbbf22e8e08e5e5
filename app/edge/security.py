"""Checks on every request (host, path, NUL bytes, waiting time), and cookie settings."""

import re
from collections.abc import Callable
from functools import lru_cache

from flask import Flask, request
from werkzeug.exceptions import BadRequest, NotFound, SecurityError
from werkzeug.routing import BaseConverter
from werkzeug.sansio.utils import host_is_trusted

from app.config import Settings
from app.config_checks import LOOPBACK
from app.edge.gthread_worker import waited_too_long
from app.edge.negotiation import WANTS_JSON
from app.edge.page_sessions import PageSessions
from app.edge.size_limits import MAX_EVENT_FORM
from app.errors import Busy
from app.services import rehearsals

LOOPBACK_V6 = "[::1]"
ANY_HOST_ENDPOINTS = {"api_health.health", "api_health.ready"}
"""Endpoints allowed under any host: load balancers and platforms call them by IP address."""


class IdConverter(BaseConverter):
    """URL converter for ids: positive, within PostgreSQL's bigint. Anything else is a 404."""

    regex = r"[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


class RunConverter(BaseConverter):
    """URL converter for the names of rehearsals."""

    regex = rehearsals.RUN.pattern


def an_id(text: str) -> int:
    """Return the id in a query argument. Raises `ValueError` when it is not one."""
    if not re.fullmatch(IdConverter.regex, text):
        raise ValueError(text)
    return int(text)


def init_app(app: Flask, settings: Settings) -> None:
    app.url_map.converters.update(id=IdConverter, run=RunConverter)
    app.config.update(
        SECRET_KEY=settings.secret_key or None,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        # An upload is read in chunks of 64 KiB, and each counts together with the rest of the
        # previous one.
        MAX_FORM_MEMORY_SIZE=MAX_EVENT_FORM,
        SESSION_COOKIE_NAME="__Host-utsavam"
        if settings.secure_cookies
        else f"utsavam_{settings.port}",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Send the cookie only when the session changes. Otherwise a request made while a form is
        # submitted, and answered after it, would restore the old session without the form's flashed
        # message. Sign-ins expire on the server.
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.session_interface = PageSessions()
    _refuse_foreign_hosts(app, settings)
    app.before_request(_refuse_double_slashes)
    app.before_request(_refuse_overdue)
    app.before_request(_refuse_nul)


def trusted_hosts_check(settings: Settings) -> Callable[[str], bool]:
    """Return a cached check of hosts; Flask's own normalises every trusted name per request."""
    trusted = [*settings.trusted_hosts, *LOOPBACK]
    literals = {name.rpartition("]")[0] for name in (*settings.trusted_hosts, LOOPBACK_V6)} - {""}

    def is_ours(host: str) -> bool:
        # Werkzeug takes what follows the first colon for a port, also in `[::1]`.
        if host.startswith("["):
            return host_is_trusted(host) and host.rpartition("]")[0] in literals
        return host_is_trusted(host, trusted)

    return lru_cache(maxsize=1_000)(is_ours)


def _refuse_foreign_hosts(app: Flask, settings: Settings) -> None:
    is_ours = trusted_hosts_check(settings)

    @app.before_request
    def refuse() -> None:
        if request.endpoint not in ANY_HOST_ENDPOINTS and not is_ours(request.host):
            raise SecurityError(f"Host {request.host!r} is not trusted.")


def _refuse_double_slashes() -> None:
    """Raise `NotFound` for a path with a double slash.

    Werkzeug would ignore those at the start, and a browser takes what follows them for a host.
    """
    if "//" in request.environ["PATH_INFO"]:
        raise NotFound


def _refuse_overdue() -> None:
    if waited_too_long():
        raise Busy


def _refuse_nul() -> None:
    """Raise `BadRequest` for a NUL byte, which PostgreSQL can't store and no real text has."""
    environ = request.environ
    found = "%00" in environ["QUERY_STRING"]
    if environ["REQUEST_METHOD"] == "POST" and not environ.get(WANTS_JSON):
        found = found or any("\x00" in value for _, value in request.form.items(multi=True))
    if found:
        raise BadRequest("The request holds a NUL byte.")
