"""A fast path for joining a waiting room by its form (see `app/edge/fast_path.py`)."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Flask
from flask.sessions import SessionMixin

from app.edge.application import Request
from app.edge.current import waiting_rooms
from app.edge.fast_path import Answer, FastPath
from app.edge.forged_requests import judge
from app.edge.htmx import is_htmx, redirection
from app.edge.room_tickets import join
from app.edge.session import user_of
from app.errors import UtsavamError
from app.models import EventStatus
from app.web.fast_path import answer_with, fields_of
from app.web.waiting_rooms import TRIED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

ADDRESS = re.compile(r"/events/([1-9][0-9]{0,17})/waiting-room")


class JoinFastPath(FastPath):
    """Gives a number to whoever sends a form of ours, and leads them to the page on which they
    wait. Whatever comes to something else is passed on to the view, which tells it."""

    route = "/events/<id:event_id>/waiting-room"
    content_type = "application/x-www-form-urlencoded"

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        super().__init__(app, inner)
        self._urls = app.url_map.bind("")

    def _is_address(self, path: str) -> bool:
        return ADDRESS.fullmatch(path) is not None

    def _answer_to(self, environ: "WSGIEnvironment", body: bytes) -> Answer | None:
        event_id = int(environ["PATH_INFO"].split("/")[2])
        request, fields = Request(environ), fields_of(body)
        session = self._app.session_interface.open_session(self._app, request)
        if fields is None or session is None:
            return None
        session.accessed = True  # for the header `Vary`
        try:
            row = waiting_rooms().row(event_id)
            if row is None or row.event.deleted_at or row.event.status != EventStatus.PUBLISHED:
                return None
            return self._joined(request, session, fields, event_id)
        except UtsavamError as error:
            environ[TRIED] = error  # told by the view, which does not try once more
            return None

    def _joined(
        self, request: Request, session: SessionMixin, fields: Mapping[str, str], event_id: int
    ) -> Answer | None:
        user = user_of(session)
        fault, _ = judge(request, session, fields.get("csrf_token"), for_guest=lambda: user is None)
        if fault:
            return None
        join(event_id, user, session, fields.get("proof"), request.environ.get("REMOTE_ADDR"))
        page = self._urls.build("waiting_rooms.show", {"event_id": event_id})
        return answer_with(self._app, session, redirection(page, htmx=is_htmx(request)))
