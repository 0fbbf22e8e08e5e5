"""The browser's session: the signed-in user and the signed-in staff member."""

import hashlib
from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Request, current_app, g, request, session, url_for
from flask.sessions import SessionMixin

from app.edge.access import Who
from app.edge.current import settings
from app.edge.guest_tickets import KEPT, kept_tickets
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import KNOWN_ACCOUNT, remember_account
from app.models import User
from app.services import lookups, sign_ins, staff
from app.services.lookups import Ask, Held
from app.services.staff import Staff

USER_TOKEN = "user"  # noqa: S105 - a name in the session
ADMIN_TOKEN = "admin"  # noqa: S105

Question = tuple[Ask, tuple[Hashable, ...]]
_ALONG: dict[str, Callable[[], Question | None]] = {}
"""By endpoint: what its view asks about the signed-in user, together with who it is."""


def is_anonymous(asked: Request = request) -> bool:
    """Whether the browser has no session; all such visitors see the same pages."""
    return current_app.config["SESSION_COOKIE_NAME"] not in asked.cookies


def current_user() -> User | None:
    """Return the signed-in user, or None; looked up once per request."""
    if "user" not in g:
        token, along = session.get(USER_TOKEN), _ALONG.get(request.endpoint or "")
        question = along() if along and token else None
        if token and question:
            asked, facts = question
            g.user, g.answer_along = sign_ins.user_and(token, asked, *facts)
        else:
            g.user = user_of(session)
    return g.user  # type: ignore[no-any-return]


def ask_along(endpoint: str, question: Callable[[], Question | None]) -> None:
    """Have what a view will ask about the signed-in user asked together with who it is, which takes
    one wait for the database instead of two. `question` is called in its requests."""
    _ALONG[endpoint] = question


def answer_along() -> Any:
    """Return the answer to what was asked along, or None if nothing was."""
    return g.get("answer_along")


def user_of(found: SessionMixin) -> User | None:
    """Return the user whom a session signs in, or None."""
    token = found.get(USER_TOKEN)
    return sign_ins.user_of(token) if token else None


def held_by_user(event_id: int) -> Held:
    """Return what the signed-in user holds for the event; looked up once per request."""
    known: dict[int, Held] = g.setdefault("held", {})
    if event_id not in known:
        token = session.get(USER_TOKEN)
        if "user" not in g and token:
            g.user, found = sign_ins.user_and(token, lookups.read_held, event_id)
            known[event_id] = found or Held()
        else:
            user = current_user()
            known[event_id] = lookups.held(user.id, event_id) if user else Held()
    return known[event_id]


def signed_in_user() -> User:
    """Return the user, in a view that only users may see (see `access`).

    Raises `RuntimeError` when nobody is signed in.
    """
    user = current_user()
    if user is None:
        raise RuntimeError("nobody is signed in; the view needs another rule in app/edge/access.py")
    return user


def current_admin() -> Staff | None:
    """Return the signed-in staff member, under whose name changes are audited, or None."""
    if "admin" not in g:
        token = session.get(ADMIN_TOKEN)
        g.admin = staff.by_sign_in(token, settings().admin_key) if token else None
    return g.admin  # type: ignore[no-any-return]


def remember_user(user: User) -> None:
    """Sign the browser in as a user, in a new session (against session fixation)."""
    token = sign_ins.begin_for_user(user)
    _new_session(keep=ADMIN_TOKEN)
    remember_account(user.email)
    session[USER_TOKEN] = token
    g.user = user


def remember_admin(token: str) -> None:
    """Sign the browser in as staff, in a new session (against session fixation)."""
    _new_session(keep=USER_TOKEN)
    session[ADMIN_TOKEN] = token
    g.pop("admin", None)


def sign_in_token() -> str | None:
    """Return the sign-in token of the user's browser, or None."""
    token: str | None = session.get(USER_TOKEN)
    return token


def browser_person() -> str:
    """Return whose browser it is now, for what it keeps by itself: another text after each sign-in,
    sign-out, or when a guest's tickets are forgotten. It opens nothing."""
    if is_anonymous():
        return "nobody"
    token = session.get(USER_TOKEN)
    if token and current_user():
        return hashlib.sha256(f"person {token}".encode()).hexdigest()[:16]
    return "guest" if kept_tickets() else "nobody"


def forget(name: str) -> None:
    """Sign the browser out, in its session and on the server."""
    if token := session.pop(name, None):
        sign_ins.end(token)
    session.pop("csrf_token", None)
    g.pop("user", None)
    g.pop("admin", None)


def admit(_who: Who) -> Answer | None:
    """Redirect visitors who are not signed in to the sign-in page, which leads back here.

    Their bookings are those of their browser, if it has any.
    """
    if request.endpoint == "my_bookings.index" and kept_tickets() and current_user() is None:
        return go_to(url_for("tickets.index"))
    return go_to(sign_in_url(_return_url())) if current_user() is None else None


def sign_in_url(return_url: str) -> str:
    """Return the URL of the sign-in page, which leads to `return_url` afterwards."""
    return f"{url_for('sign_in.show')}?next={quote(return_url, safe='/')}"


def safe_next(target: str | None, fallback: str) -> str:
    """Return `target` if it is a URL on this site, else `fallback`.

    Browsers read `\\` as `/` and drop tabs and line breaks, so it may contain none of these.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return fallback
    if "\\" in target or any(ord(c) <= 32 or ord(c) == 127 for c in target):
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target


def _return_url() -> str:
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return request.form.get("next") or "/"


def _new_session(keep: str) -> None:
    """Clear the session, and end the former sign-in on the server, for copies of the cookie too."""
    kept = {name: session[name] for name in (keep, KNOWN_ACCOUNT, KEPT) if name in session}
    if former := session.get(USER_TOKEN if keep == ADMIN_TOKEN else ADMIN_TOKEN):
        sign_ins.end(former)
    session.clear()
    session.update(kept)
    session.permanent = True
    g.pop("user", None)
    g.pop("admin", None)
