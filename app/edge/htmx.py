"""Responses for both full page loads and HTMX swaps."""

from flask import Request, Response, current_app, make_response, redirect, render_template, request
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as BaseResponse

Answer = BaseResponse | str


def is_htmx(asked: Request = request) -> bool:
    return asked.headers.get("HX-Request") == "true"


def go_to(url: str) -> Response:
    """Redirect the browser: by `HX-Redirect` for HTMX, else by a 303."""
    return redirection(url, htmx=is_htmx())


def redirection(url: str, *, htmx: bool) -> Response:
    """Return the response that redirects the browser; it needs no request."""
    if htmx:
        response: Response = current_app.response_class("", 204)
        # Headers must be ASCII; `redirect` encodes its own.
        response.headers["HX-Redirect"] = iri_to_uri(url)
        return response
    return redirect(url, 303)  # type: ignore[return-value]


def page_or_fragment(page: str, fragment: str, status: int = 200, /, **context: object) -> Response:
    """Render the fragment for an HTMX swap, else the page that includes the same fragment."""
    return make_response(render_template(fragment if is_htmx() else page, **context), status)
