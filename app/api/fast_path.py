"""A fast path for `POST /bookings`, the call of every on-sale, without a Flask request.

Flask's request, routing, hooks and response cost as much again as the booking itself. A valid
order from a known caller needs none of them: it is answered here with the same schema, service and
problem texts as in the view. Everything else (an invalid body, an unknown caller, another host) is
passed on to Flask.
"""

import logging
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask
from pydantic import ValidationError

from app.api.bookings import place
from app.api.callers import Caller, recognise
from app.api.present import booked_json
from app.api.schemas import BookingIn
from app.booking.orders import Booked
from app.edge.error_handlers import PROBLEM_JSON, headers_of, json_of
from app.edge.gthread_worker import waited_too_long
from app.edge.request_ids import ROUTE
from app.edge.security import trusted_hosts_check
from app.edge.size_limits import MAX_BODY
from app.errors import InvalidField, NotAllowed, UtsavamError
from app.presenters.problems import Problem, problem_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/bookings"
STATUS_LINES = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes
    headers: list[tuple[str, str]]


class FastPath:
    """WSGI middleware directly in front of Flask."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._app, self._inner = app, inner
        self._settings, self._desk = app.extensions["settings"], app.extensions["desk"]
        self._is_ours = trusted_hosts_check(self._settings)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        answer = self._answer(environ) if self._is_plain(environ) else None
        if answer is None:
            return self._inner(environ, start_response)
        environ[ROUTE] = PATH
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        ]
        start_response(STATUS_LINES[answer.status], headers)
        return [answer.body]

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        length = environ.get("CONTENT_LENGTH") or ""
        return (
            environ["PATH_INFO"] == PATH
            and environ["REQUEST_METHOD"] == "POST"
            and environ.get("CONTENT_TYPE") == "application/json"
            and not environ["QUERY_STRING"]
            and length.isdecimal()
            and int(length) <= MAX_BODY
            and not waited_too_long()
            and self._is_ours(environ.get("HTTP_HOST", ""))
        )

    def _answer(self, environ: "WSGIEnvironment") -> Answer | None:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        with self._app.app_context():
            try:
                request = BookingIn.model_validate_json(body)
                caller, address = self._caller(environ), environ.get("REMOTE_ADDR")
                booked = place(self._desk, caller, request, _key(environ), address)
                return _created(booked, for_guest=request.email is not None)
            except (ValidationError, NotAllowed, InvalidField):
                # Nothing has been done yet: Flask reads the body again and answers with the error.
                environ["wsgi.input"] = BytesIO(body)
                return None
            except UtsavamError as error:
                return _refused(problem_of(error))
            except Exception as error:
                return self._server_error(environ, error)

    def _caller(self, environ: "WSGIEnvironment") -> Caller:
        return recognise(
            self._settings,
            environ.get("HTTP_X_ADMIN_KEY"),
            environ.get("HTTP_AUTHORIZATION"),
            environ.get("REMOTE_ADDR"),
        )

    def _server_error(self, environ: "WSGIEnvironment", error: Exception) -> Answer:
        """Answer an unexpected error with Flask's own error handlers."""
        with self._app.request_context(environ):
            response = self._app.make_response(self._app.handle_user_exception(error))
            headers = [h for h in response.headers if not h[0].startswith("Content-")]
            return Answer(response.status_code, response.content_type, response.get_data(), headers)


def _key(environ: "WSGIEnvironment") -> str | None:
    key: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    return key


def _created(booked: Booked, *, for_guest: bool) -> Answer:
    headers = [("Location", f"/bookings/{booked.booking.id}")]
    if booked.replayed:
        headers.append(("Idempotency-Replayed", "true"))
    body = booked_json(booked, for_guest=for_guest).encode()
    return Answer(201, "application/json", body, headers)


def _refused(problem: Problem) -> Answer:
    return Answer(
        problem.status, PROBLEM_JSON, json_of(problem).encode(), headers_of(problem, json=True)
    )
