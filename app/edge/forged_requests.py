"""Which forms are taken: judged by the token of their page, and by what the browser says of it.

The token proves that a form is ours: no other site can read one. `Origin` and `Sec-Fetch-Site`,
which scripts can't set, are a second proof, if they come. A browser may hide where a form comes
from: it sends no `Referer`, and `Origin: null` (Fetch, "append a request Origin header", under the
policy `no-referrer`). That says nothing for the form and nothing against it, so the token decides.
A sandboxed frame hides its origin as well, but holds no token of the visitor's session.
"""

import hmac
import secrets
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from time import time
from typing import cast
from urllib.parse import urlsplit

from flask import Request, current_app, g, request, session
from flask.sessions import SessionMixin
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer

from app.edge.session import current_user, is_anonymous

PORTS = {"http": 80, "https": 443}
GUESTS_OWN = {"checkout.create", "waiting_rooms.join"}
"""Endpoints of forms on pages that are the same for all who are not signed in."""


class Fault(StrEnum):
    """Why a form is refused."""

    FOREIGN_ORIGIN = "foreign-origin"
    TOKEN_MISSING = "token-missing"  # noqa: S105 - a name
    TOKEN_UNREADABLE = "token-unreadable"  # noqa: S105
    TOKEN_TOO_OLD = "token-too-old"  # noqa: S105
    NO_COOKIE = "no-cookie"
    OTHER_SESSION = "other-session"


class Provenance(StrEnum):
    OURS = "ours"
    HIDDEN = "hidden"
    FOREIGN = "foreign"


class FormRefused(CSRFError):  # type: ignore[misc]
    """A form is refused; nothing was done."""

    def __init__(self, fault: Fault, provenance: Provenance) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.provenance = provenance

    @property
    def may_be_kept(self) -> bool:
        """Whether the visitor may be shown what was typed, to send it again.

        Not where another site may have typed it: one press would do what that site wants. No
        browser leaves `Origin` out when another site's page sends a form; but one may hide it, and
        `SameSite` cookies come along from a sibling subdomain or another port.
        """
        is_hidden = request.headers.get("Origin") == "null"
        return self.provenance is Provenance.OURS or (
            self.provenance is not Provenance.FOREIGN and not is_hidden
        )


class FormGuard(CSRFProtect):  # type: ignore[misc]
    """Flask-WTF's protection with our rules: its own refuses every form without `Referer`."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if apply_exemptions and (not request.endpoint or self._is_exempt()):
            return
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        sent = self._get_csrf_token()
        fault, found = judge(request, session, sent, for_guest=_is_a_guests_own)
        if fault:
            raise FormRefused(fault, found)
        g.csrf_valid = True  # so that the forms don't check it once more


def _is_a_guests_own() -> bool:
    return request.endpoint in GUESTS_OWN and not current_user()


def judge(
    asked: Request, its_session: SessionMixin, sent: str | None, *, for_guest: Callable[[], bool]
) -> tuple[Fault | None, Provenance]:
    """Return why a form with the token `sent` is refused, if it is, and where it comes from.

    `for_guest` tells whether it is a booking, or the like, by nobody who is signed in. Sent by a
    page of ours, it needs no token: it uses nobody's session, so there is nothing to forge; and the
    page that it comes from is the same for all, without a token.
    """
    found = provenance(asked)
    if found is Provenance.FOREIGN:
        return Fault.FOREIGN_ORIGIN, found
    fault = token_fault(asked, its_session, sent)
    if fault and found is Provenance.OURS and for_guest():
        fault = None
    return fault, found


def provenance(asked: Request) -> Provenance:
    """Return where the browser says that the form comes from."""
    site = asked.headers.get("Sec-Fetch-Site", "")
    if site in {"cross-site", "same-site"}:
        return Provenance.FOREIGN
    origin = asked.headers.get("Origin")
    told = origin if origin and origin != "null" else asked.headers.get("Referer")
    if told and (origin == told or told.startswith(("http://", "https://"))):
        is_ours = _is_our_origin(asked, told, by_name=site == "same-origin")
        return Provenance.OURS if is_ours else Provenance.FOREIGN
    return Provenance.OURS if site == "same-origin" else Provenance.HIDDEN


def _is_our_origin(asked: Request, url: str, *, by_name: bool) -> bool:
    """Whether a URL is of the host that was asked; `by_name`: whatever its scheme and port.

    A port that `Host` leaves out is the default of the URL's own scheme, because a proxy that ends
    TLS may not tell us so. A proxy may also drop or add a port; then the browser's own word, that
    it is the same origin, is enough.
    """
    try:
        theirs, ours = urlsplit(url), urlsplit(f"//{asked.host}")
        if theirs.scheme not in PORTS or theirs.hostname != ours.hostname:
            return False
        default = PORTS[theirs.scheme]
        same_port = (theirs.port or default) == (ours.port or default)
    except ValueError:
        return False
    return by_name or (same_port and (theirs.scheme == "https" or not asked.is_secure))


def form_token() -> str:
    """Return the token of the visitor's forms, as Flask-WTF's `generate_csrf` makes them."""
    if "form_token" not in g:
        if "csrf_token" not in session:
            session["csrf_token"] = secrets.token_hex(20)
        g.form_token = _serializer().dumps(session["csrf_token"])
    return cast("str", g.form_token)


def _serializer() -> URLSafeTimedSerializer:
    return _serializer_with(current_app.secret_key or "")


@lru_cache(maxsize=8)
def _serializer_with(key: str | bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="wtf-csrf-token")


def token_fault(asked: Request, its_session: SessionMixin, sent: str | None) -> Fault | None:
    """Return what is wrong with a form's token; None if it is that of the visitor's session."""
    if not sent:
        return Fault.TOKEN_MISSING
    try:
        token, made_at = _serializer().loads(sent, return_timestamp=True)
    except BadData:
        return Fault.TOKEN_UNREADABLE
    # Compared as bytes: `compare_digest` raises for other letters than ASCII's.
    if hmac.compare_digest(str(its_session.get("csrf_token", "")).encode(), str(token).encode()):
        return None
    if time() - made_at.timestamp() > current_app.permanent_session_lifetime.total_seconds():
        return Fault.TOKEN_TOO_OLD
    return Fault.NO_COOKIE if is_anonymous(asked) else Fault.OTHER_SESSION
