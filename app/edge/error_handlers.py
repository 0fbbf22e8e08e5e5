"""Error handlers: every error becomes problem+json for a program, or a page for a person."""

import logging
from dataclasses import replace
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext as _
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from app.edge.htmx import is_htmx
from app.edge.negotiation import wants_json
from app.errors import (
    DatabaseDown,
    EventGone,
    KeyLimited,
    NotAllowed,
    RoleTooLow,
    UtsavamError,
)
from app.lib.request_id import request_id
from app.presenters.problem_details import Problem
from app.presenters.problems import problem_of

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
ABOVE_THE_PAGE = {"HX-Retarget": "#busy", "HX-Reswap": "innerHTML"}
"""Headers by which HTMX shows a sentence, and leaves the page as it is."""
REFRESH = 5
"""Seconds after which a page that can't be shown is asked for again, at least."""


def init_app(app: Flask) -> None:
    app.register_error_handler(UtsavamError, _domain)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ParseException, _malformed)
    app.register_error_handler(DBAPIError, database_answer)
    app.register_error_handler(PoolTimeout, database_answer)
    app.register_error_handler(Exception, _unexpected)


def problem_response(problem: Problem) -> Response:
    """Return the problem as an `application/problem+json` response (RFC 9457)."""
    response = Response(json_of(problem), problem.status, mimetype=PROBLEM_JSON)
    response.headers.extend(headers_of(problem, json=wants_json()))
    return response


def json_of(problem: Problem) -> str:
    """Return the problem details object, with the request id where the logs may say more."""
    if not _shows_request_id(problem):
        return problem.json
    return f'{problem.json[:-1]}, "request_id": "{request_id.get()}"}}'


def headers_of(problem: Problem, *, json: bool) -> list[tuple[str, str]]:
    """Return the headers of a response that reports the problem."""
    headers = [("Cache-Control", "no-store")]
    if problem.retry_after is not None:
        headers.append(("Retry-After", str(problem.retry_after)))
    if problem.status == 401 and json:
        headers.append(("WWW-Authenticate", 'Bearer realm="utsavam"'))
    return headers


def present(problem: Problem) -> Response:
    """Return the response for a problem: JSON, an HTMX fragment or an error page."""
    if wants_json():
        return problem_response(problem)
    if problem.slug in {"too-many-requests", "too-many-readers"} and is_htmx():
        return banner(problem)
    ident = request_id.get() if _shows_request_id(problem) else None
    page = render_template("pages/error.html", problem=problem, request_id=ident)
    response = make_response(page, problem.status)
    response.headers.extend(headers_of(problem, json=False))
    if problem.status == 503 and request.method == "GET":
        # Also without JavaScript, and for who looks away.
        response.headers["Refresh"] = str(max(problem.retry_after or 0, REFRESH))
    return response


def tries_again() -> str:
    """Say that nobody needs to do anything."""
    return str(_("This page tries again by itself in a few seconds."))


def banner(problem: Problem) -> Response:
    """For HTMX: show a message above the page, and leave the page as it is."""
    response = make_response(
        render_template("fragments/too_many.html", problem=problem), problem.status
    )
    response.headers.extend(headers_of(problem, json=False))
    response.headers.update(ABOVE_THE_PAGE)
    return response


def _shows_request_id(problem: Problem) -> bool:
    """Whether the operator may find out more in the logs, so that a request id is useful."""
    return problem.status >= 500 or problem.status == 429


def _domain(error: UtsavamError) -> Response:
    if isinstance(error, EventGone) and not wants_json():
        return present(Problem(410, "", _("This event is gone"), _sentences()[410]))
    if isinstance(error, NotAllowed | RoleTooLow | KeyLimited):
        log.warning("Refused: %s", type(error).__name__, extra={"endpoint": request.endpoint})
    return present(_problem_for_request(error))


def database_answer(error: Exception) -> Response:
    """Answer 503 when the database is down or read-only; a rejected statement is our bug: 500."""
    if isinstance(error, DBAPIError) and not (
        isinstance(error, OperationalError) or error.connection_invalidated
    ):
        return _unexpected(error)
    log.error("The database did not answer: %s", type(error).__name__)
    return present(_problem_for_request(DatabaseDown()))


def _problem_for_request(error: UtsavamError) -> Problem:
    """Return the problem of an error; for a read it doesn't say that nothing was booked."""
    problem = problem_of(error)
    if problem.slug == "unavailable" and request.method in {"GET", "HEAD"}:
        again = _("Please try again in a moment.")
        return replace(problem, detail=again if wants_json() else tries_again())
    return problem


def _http(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):
        return _foreign_host()
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    code = error.code or 500
    response = present(
        Problem(
            code, "", HTTPStatus(code).phrase, _sentences().get(code) or error.description or ""
        )
    )
    # For example, Allow on a 405.
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _malformed(_error: ParseException) -> Response:
    """Answer a body that gunicorn can't read, as one whose chunks have no size."""
    return _http(BadRequest("The body of the request is malformed."))


def _foreign_host() -> Response:
    """Answer in plain text: under an untrusted host a page can't link to its style sheets."""
    detail = _("This site is not served under that name.")
    if wants_json():
        return problem_response(Problem(400, "", HTTPStatus.BAD_REQUEST.phrase, detail))
    return Response(detail, 400, mimetype="text/plain")


def _unexpected(error: Exception) -> Response:
    log.exception("Unforeseen error", exc_info=error)
    return present(Problem(500, "", _("Something broke"), _sentences()[500]))


def _sentences() -> dict[int, str]:
    return {
        403: _("This page is not for you. If you think it should be, sign in as somebody else."),
        410: _("Its organiser has taken it down. Whoever had booked can ask them why."),
        404: _("There is nothing at this address."),
        405: _("This address does not answer that method."),
        413: _("The request is too large: 64 KiB at most, and 5 MB for a picture."),
        415: _(
            "Send JSON, with Content-Type: application/json; a picture as image/jpeg or the like."
        ),
        500: _("It is our fault, not yours. Please try again."),
    }
