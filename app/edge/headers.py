"""Response headers: the security headers of every response, and how long it may be cached."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Response

from app.edge.negotiation import VARY, WANTS_JSON
from app.lib.request_id import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
POLICY = ("Content-Security-Policy", CSP)
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
# Pages show who is signed in, and the current number of seats.
ASK_AGAIN = ("Cache-Control", "private, no-cache")
# Most API responses are personal; public ones set their own Cache-Control.
NEVER_STORED = ("Cache-Control", "no-store")
FOR_EVER = ("Cache-Control", "public, max-age=31536000, immutable")
IF_CHANGED = ("Cache-Control", "no-cache")
STATIC = "/static/"
VERSIONED = ("/static/fonts/", "/static/vendor/")


def for_ever(content: str | bytes, mimetype: str) -> Response:
    """Return a response that may be cached for ever: the content at its URL never changes."""
    return Response(content, mimetype=mimetype, headers=[FOR_EVER])


def never_stored(response: Response) -> Response:
    """Mark a personal response as `no-store`, so that nothing stays in the browser on sign-out."""
    response.headers.set(*NEVER_STORED)
    return response


class ResponseHeaders:
    """WSGI middleware that adds the headers; costs a tenth of an `after_request` hook."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, _completed(environ, status, headers), *error)

        return self._inner(environ, start)


def _completed(
    environ: "WSGIEnvironment", status: str, headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    said = dict(headers)
    made = [*headers, *ALWAYS, ("X-Request-Id", request_id.get())]
    if "Content-Security-Policy" not in said:
        made.append(POLICY)
    if environ["wsgi.url_scheme"] == "https":
        made.append(TRANSPORT)
    if VARY in environ:
        made = [header for header in made if header[0] != "Vary"]
        made.append(("Vary", ", ".join(filter(None, (said.get("Vary"), environ[VARY])))))
    if environ["PATH_INFO"].startswith(STATIC) and not status.startswith("4"):
        made = [header for header in made if header[0] != "Cache-Control"]
        made.append(_lifetime(environ))
    elif "Cache-Control" not in said:
        made.append(NEVER_STORED if environ.get(WANTS_JSON) else ASK_AGAIN)
    return made


def _lifetime(environ: "WSGIEnvironment") -> tuple[str, str]:
    """Cache versioned static files for ever; have the others revalidated."""
    versioned = environ["PATH_INFO"].startswith(VERSIONED)
    return FOR_EVER if versioned or environ["QUERY_STRING"].startswith("v=") else IF_CHANGED
