"""Answers that suit both a whole page load and an HTMX swap."""

from flask import Response, make_response, redirect, render_template, request
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as BaseResponse

Answer = BaseResponse | str


def is_htmx() -> bool:
    return request.headers.get("HX-Request") == "true"


def go_to(url: str) -> Response:
    """Send the browser to another page: HTMX by its header, everyone else by 303."""
    if is_htmx():
        response = make_response("", 204)
        # Headers hold no other letters; `redirect` sees to its own.
        response.headers["HX-Redirect"] = iri_to_uri(url)
        return response
    return redirect(url, 303)  # type: ignore[return-value]


def page_or_fragment(page: str, fragment: str, status: int = 200, /, **context: object) -> Response:
    """The fragment for an HTMX swap, else the page that includes the same fragment."""
    return make_response(render_template(fragment if is_htmx() else page, **context), status)
