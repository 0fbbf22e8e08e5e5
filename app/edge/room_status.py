"""A waiting room's status, which everybody who waits asks for again and again.

Neither Flask nor a session, a limit or the line of pages is passed for it: twenty thousand people
ask some hundred times a second.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from app.edge.error_handlers import PROBLEM_JSON, headers_of, json_of
from app.edge.fast_path import STATUS_LINES, Answer
from app.edge.gthread_worker import waited_too_long
from app.edge.negotiation import VARY
from app.edge.request_ids import ROUTE
from app.edge.security import trusted_hosts_check
from app.errors import RoomNotFound, UtsavamError
from app.presenters.problems import problem_of
from app.services.room_status import RoomStatuses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = re.compile(r"/events/([1-9][0-9]{0,17})/waiting-room\.json")
ENDING = "/waiting-room.json"
SHARED = ("Cache-Control", "public, max-age=1")
"""A proxy may give it to everybody who asks within the same second."""


def status_answer(statuses: RoomStatuses, event_id: int, if_none_match: str | None) -> Answer:
    """Return the status of the event's room, 304 if it is known, or the problem."""
    try:
        found = statuses.status(event_id)
        if found is None:
            raise RoomNotFound(event_id)
    except UtsavamError as error:
        problem = problem_of(error)
        headers = headers_of(problem, json=True)
        return Answer(problem.status, PROBLEM_JSON, json_of(problem).encode(), headers)
    headers = [SHARED, ("ETag", found.etag)]
    if if_none_match and found.etag in if_none_match:
        return Answer(304, "", b"", headers)
    return Answer(200, "application/json", found.body, headers)


class RoomStatusPath:
    """WSGI middleware that answers plain questions for a status; others are passed on to Flask."""

    route = "/events/<id:event_id>/waiting-room.json"

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._inner = inner
        self._statuses: RoomStatuses = app.extensions["room_statuses"]
        self._is_ours = trusted_hosts_check(app.extensions["settings"])

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        asked = ADDRESS.fullmatch(path) if path.endswith(ENDING) else None
        if asked is None or not self._is_plain(environ):
            return self._inner(environ, start_response)
        environ[ROUTE] = self.route
        environ.pop(VARY, None)  # the same for everybody, however they ask
        answer = status_answer(self._statuses, int(asked[1]), environ.get("HTTP_IF_NONE_MATCH"))
        headers = list(answer.headers)
        if answer.status != 304:
            headers += [("Content-Type", answer.content_type)]
            headers += [("Content-Length", str(len(answer.body)))]
        start_response(STATUS_LINES[answer.status], headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        return (
            environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and "%00" not in environ["QUERY_STRING"]
            and not waited_too_long()
            and self._is_ours(environ.get("HTTP_HOST", ""))
        )
