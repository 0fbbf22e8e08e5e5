"""A fast path for `POST /bookings`, the call of every on-sale (see `app/edge/fast_path.py`)."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from app.api.bookings import place
from app.api.callers import Caller, recognise
from app.api.present import booked_json
from app.api.schemas import BookingIn
from app.booking.orders import Booked
from app.edge.error_handlers import PROBLEM_JSON, headers_of, json_of
from app.edge.fast_path import Answer, FastPath
from app.errors import InvalidField, NotAllowed, UtsavamError
from app.presenters.problem_details import Problem
from app.presenters.problems import problem_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class ApiFastPath(FastPath):
    """Answers what the view of `POST /bookings` would, with the same schema and problem texts.

    An invalid body or an unknown caller is passed on.
    """

    route = "/api/bookings"
    content_type = "application/json"

    def _is_address(self, path: str) -> bool:
        return path == self.route

    def _answer_to(self, environ: "WSGIEnvironment", body: bytes) -> Answer | None:
        try:
            request = BookingIn.model_validate_json(body)
            caller, address = self._caller(environ), environ.get("REMOTE_ADDR")
            ticket = environ.get("HTTP_WAITING_ROOM_TICKET")
            booked = place(self._desk, caller, request, _key(environ), address, ticket=ticket)
            return _created(booked, for_guest=request.email is not None)
        except (ValidationError, NotAllowed, InvalidField):
            return None  # Nothing has been done yet: Flask answers with the error.
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
