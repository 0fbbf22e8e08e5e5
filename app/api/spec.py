"""Validation and documentation of the API's calls from one set of schemas."""

from collections.abc import Callable
from typing import Any, TypeVar

from spectree import Response, SecurityScheme, SpecTree
from spectree.models import InType, SecureType, SecuritySchemeData

from app.api.schemas import InvalidOut, ProblemOut
from app.edge.http_errors import problem_response
from app.edge.wording import Problem

View = TypeVar("View", bound=Callable[..., Any])
KEY, TOKEN = "AdminKey", "ApiToken"


def _refuse(_request: Any, response: Any, error: Any, _instance: Any, _adapter: Any) -> None:
    """Give a validation error the form that every other error has."""
    if error is None:
        return
    found = [_field_error(detail) for detail in error.errors()]
    first = found[0]
    problem = Problem(
        422,
        "invalid",
        "Invalid request",
        f"The field {first['field']} is not valid: {first['message']}.",
        {"errors": found},
    )
    made = problem_response(problem)
    response.status_code = made.status_code
    response.data = made.data
    response.headers.clear()
    response.headers.extend(made.headers)


_LENGTHS = {
    "too_short": ("min_length", "must have at least {} characters"),
    "too_long": ("max_length", "must have at most {} characters"),
}


def _field_error(detail: Any) -> dict[str, str]:
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    if detail["type"] in _LENGTHS:
        name, words = _LENGTHS[detail["type"]]
        message = words.format(detail["ctx"][name])
    names = [str(part) for part in detail["loc"] if not str(part).startswith("function-")]
    return {"field": ".".join(names) or "body", "message": message[:1].lower() + message[1:]}


spec = SpecTree(
    "flask",
    title="Utsavam",
    version="1",
    description=(
        "Events, bookings and their administration. Send `X-Admin-Key` as an organiser, or "
        "`Authorization: Bearer <API token>` as a user; a token is made on the account page. "
        "Times are RFC 3339 in UTC; money is in the currency's smallest unit. Errors are "
        "problem details (RFC 9457)."
    ),
    path="api/spec",
    mode="strict",
    annotations=False,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_status=422,
    validation_error_model=InvalidOut,
    before=_refuse,
    security_schemes=[
        SecurityScheme(
            name=KEY,
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name="X-Admin-Key", field_in=InType.HEADER
            ),
        ),
        SecurityScheme(name=TOKEN, data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")),
    ],
)


def answers(*problems: int, **models: Any) -> Response:
    """The answers of a call: `answers(404, HTTP_200=EventOut)`; 422 is added by itself."""
    return Response(**models, **{f"HTTP_{status}": ProblemOut for status in problems})


def valid(resp: Response, **kwargs: Any) -> Callable[[View], View]:
    """Validate the call's input and document the call; `kwargs` are those of `spec.validate`."""
    return spec.validate(resp=resp, **kwargs)
