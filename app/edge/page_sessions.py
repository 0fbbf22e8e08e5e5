"""The pages' sessions, in signed cookies."""

import time
from typing import NamedTuple

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from app.edge.negotiation import WANTS_JSON

TRUSTED_FOR = 60
"""Seconds for which a cookie's signature need not be verified again; it expires by so much later,
of 31 days."""
MAX_TRUSTED = 4_000
MAX_LENGTH = 1_000
"""Characters of a cookie that is remembered: all of them are 4 MB at most."""


class _Trusted(NamedTuple):
    until: float
    values: dict[str, str | bool]


class PageSessions(SecureCookieSessionInterface):
    """Cookie sessions for the pages only; the API neither reads nor sets cookies.

    To verify a cookie takes a tenth of what a page takes, and a browser sends the same one with
    each request, so it is verified once a minute in each process.
    """

    def __init__(self) -> None:
        self._serializers: dict[object, URLSafeTimedSerializer | None] = {}
        self._trusted: dict[tuple[object, str], _Trusted] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return Flask's own, made once: to make it takes as long as to use it."""
        keys = _keys(app)
        if keys not in self._serializers:
            self._serializers[keys] = super().get_signing_serializer(app)
        return self._serializers[keys]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.environ.get(WANTS_JSON):
            return None
        known = (_keys(app), request.cookies.get(self.get_cookie_name(app), ""))
        trusted = self._trusted.get(known)
        if trusted is not None and time.monotonic() < trusted.until:
            return self.session_class(trusted.values)
        found = super().open_session(app, request)
        if found and len(known[1]) <= MAX_LENGTH:
            self._remember(known, found)
        return found

    def _remember(self, known: tuple[object, str], found: SecureCookieSession) -> None:
        """Lists are left out: a session that changed one would change what is remembered."""
        if not all(isinstance(value, str | bool) for value in found.values()):
            return
        if len(self._trusted) >= MAX_TRUSTED:
            self._trusted = {}
        self._trusted[known] = _Trusted(time.monotonic() + TRUSTED_FOR, dict(found))


def _keys(app: Flask) -> tuple[object, ...]:
    return (app.secret_key, *app.config["SECRET_KEY_FALLBACKS"])
