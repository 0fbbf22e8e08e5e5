"""Answers to plain orders without a Flask request.

Flask's request, routing, hooks and response cost more than the booking itself. A valid order from
a known caller needs none of them. Whatever is not plain is passed on to Flask, whose view answers
it with the same forms, services and texts.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask

from app.edge.gthread_worker import waited_too_long
from app.edge.request_ids import ROUTE
from app.edge.security import trusted_hosts_check
from app.edge.size_limits import MAX_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STATUS_LINES = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes
    headers: list[tuple[str, str]]


class FastPath(ABC):
    """WSGI middleware directly in front of Flask, for one address."""

    route: str
    """The address's rule, as metrics and logs name it."""
    content_type: str
    """Of the orders; others are passed on."""

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
        environ[ROUTE] = self.route
        headers = [("Content-Type", answer.content_type), *answer.headers]
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(STATUS_LINES[answer.status], headers)
        return [answer.body]

    @abstractmethod
    def _is_address(self, path: str) -> bool:
        """Whether orders are sent to this path."""

    @abstractmethod
    def _answer_to(self, environ: "WSGIEnvironment", body: bytes) -> Answer | None:
        """Answer an order; None to pass it on. The application's context is open."""

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        length = environ.get("CONTENT_LENGTH") or ""
        return (
            environ["REQUEST_METHOD"] == "POST"
            and self._is_address(environ["PATH_INFO"])
            and environ.get("CONTENT_TYPE") == self.content_type
            and not environ["QUERY_STRING"]
            and length.isdecimal()
            and int(length) <= MAX_BODY
            and not waited_too_long()
            and self._is_ours(environ.get("HTTP_HOST", ""))
        )

    def _answer(self, environ: "WSGIEnvironment") -> Answer | None:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        with self._app.app_context():
            answer = self._answer_to(environ, body)
        if answer is None:
            environ["wsgi.input"] = BytesIO(body)  # Flask reads it again
        return answer
