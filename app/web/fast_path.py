"""A fast path for the booking form of an event's page (see `app/edge/fast_path.py`)."""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Flask, Response
from flask.sessions import SessionMixin
from werkzeug.datastructures import ImmutableMultiDict

from app.booking.orders import Booked
from app.edge.application import Request
from app.edge.fast_path import Answer, FastPath
from app.edge.forged_requests import judge
from app.edge.htmx import is_htmx, redirection
from app.edge.session import user_of
from app.models import User
from app.web.checkout import APPLY, TRIED, order, ticket_page
from app.web.forms import BookingForm, GuestBookingForm

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

ADDRESS = re.compile(r"/events/([1-9][0-9]{0,17})/bookings")


class PageFastPath(FastPath):
    """Books what a valid form of ours asks for, and leads to the ticket as the view does.

    It books once: what is not a new booking, or none at all, is told by the view, which finds the
    result in `TRIED`.
    """

    route = "/events/<id:event_id>/bookings"
    content_type = "application/x-www-form-urlencoded"

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        super().__init__(app, inner)
        self._urls = app.url_map.bind("")

    def _is_address(self, path: str) -> bool:
        return ADDRESS.fullmatch(path) is not None

    def _answer_to(self, environ: "WSGIEnvironment", body: bytes) -> Answer | None:
        request, fields = Request(environ), fields_of(body)
        session = self._app.session_interface.open_session(self._app, request)
        if fields is None or session is None or APPLY in fields:
            return None
        session.accessed = True  # for the header `Vary`
        user = user_of(session)
        fault, _ = judge(request, session, fields.get("csrf_token"), for_guest=lambda: user is None)
        if fault:
            return None
        form = (BookingForm if user else GuestBookingForm)(formdata=fields, meta={"csrf": False})
        booked = self._booked(environ, form, user, session) if form.validate() else None
        return self._led_to_ticket(request, session, booked, user) if booked else None

    def _booked(
        self,
        environ: "WSGIEnvironment",
        form: BookingForm,
        user: User | None,
        its_session: SessionMixin,
    ) -> Booked | None:
        """Book; None if it came to something else, which is left for the view to tell."""
        event_id = int(environ["PATH_INFO"].split("/")[2])
        try:
            address = environ.get("REMOTE_ADDR")
            facts = (event_id, form, user, address)
            booked = order(self._desk, *facts, its_session=its_session)
        except Exception as error:
            environ[TRIED] = error
            return None
        if booked.replayed:
            environ[TRIED] = booked
            return None
        return booked

    def _led_to_ticket(
        self, request: Request, session: SessionMixin, booked: Booked, user: User | None
    ) -> Answer:
        endpoint, values = ticket_page(booked, user, session)
        response = redirection(self._urls.build(endpoint, values), htmx=is_htmx(request))
        return answer_with(self._app, session, response)


def answer_with(app: Flask, session: SessionMixin, response: Response) -> Answer:
    """Return the response, with the session in a cookie if it has changed."""
    app.session_interface.save_session(app, session, response)
    headers = [header for header in response.headers if not header[0].startswith("Content-")]
    return Answer(response.status_code, response.content_type or "", response.get_data(), headers)


def fields_of(body: bytes) -> ImmutableMultiDict[str, str] | None:
    """The form's fields; None if a browser would have written them another way."""
    try:
        found = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    return None if any("\x00" in value for _, value in found) else ImmutableMultiDict(found)
