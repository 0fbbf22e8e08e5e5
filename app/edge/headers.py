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
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
REFERRER = ("Referrer-Policy", "strict-origin-when-cross-origin")
POLICY = ("Content-Security-Policy", CSP)
CLOSED = ("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
AT_THE_DOOR = ("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
DOOR = "/door/"
"""Pages that scan tickets with the camera."""
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
# Pages show who is signed in, and the current number of seats.
REVALIDATE_PRIVATE = ("Cache-Control", "private, no-cache")
# Most API responses are personal; public ones set their own Cache-Control.
NO_STORE = ("Cache-Control", "no-store")
IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
REVALIDATE = ("Cache-Control", "no-cache")
STATIC = "/static/"
VERSIONED = ("/static/fonts/", "/static/vendor/")


def for_ever(content: str | bytes, mimetype: str) -> Response:
    """Return a response that may be cached for ever: the content at its URL never changes."""
    return Response(content, mimetype=mimetype, headers=[IMMUTABLE])


def never_stored(response: Response) -> Response:
    """Mark a personal response as `no-store`, so that nothing stays in the browser on sign-out."""
    response.headers.set(*NO_STORE)
    return response


def never_passed_on(response: Response) -> Response:
    """Mark what a secret address answers: not stored, not indexed, and told to no other page."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return never_stored(response)


class ResponseHeaders:
    """WSGI middleware that adds the headers; costs a tenth of an `after_request` hook."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, _with_defaults(environ, status, headers), *error)

        return self._inner(environ, start)


def _with_defaults(
    environ: "WSGIEnvironment", status: str, headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    given = dict(headers)
    result = [*headers, *ALWAYS, ("X-Request-Id", request_id.get())]
    if "Referrer-Policy" not in given:
        result.append(REFERRER)
    if "Content-Security-Policy" not in given:
        result.append(POLICY)
    result.append(AT_THE_DOOR if environ["PATH_INFO"].startswith(DOOR) else CLOSED)
    if environ["wsgi.url_scheme"] == "https":
        result.append(TRANSPORT)
    if VARY in environ:
        result = [header for header in result if header[0] != "Vary"]
        result.append(("Vary", ", ".join(filter(None, (given.get("Vary"), environ[VARY])))))
    if environ["PATH_INFO"].startswith(STATIC) and status[0] in "23":
        result = [header for header in result if header[0] != "Cache-Control"]
        result.append(_cache_control(environ))
    elif "Cache-Control" not in given:
        result.append(NO_STORE if environ.get(WANTS_JSON) else REVALIDATE_PRIVATE)
    return result


def _cache_control(environ: "WSGIEnvironment") -> tuple[str, str]:
    """Cache versioned static files for ever; have the others revalidated."""
    versioned = environ["PATH_INFO"].startswith(VERSIONED)
    return IMMUTABLE if versioned or environ["QUERY_STRING"].startswith("v=") else REVALIDATE
