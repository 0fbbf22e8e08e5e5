"""Validation and OpenAPI documentation of the API's calls from the same schemas."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import Response as Answer
from flask import request
from pydantic import BaseModel, ValidationError
from spectree import Response, SecurityScheme, SpecTree
from spectree.models import InType, SecureType, SecuritySchemeData

from app.api.body import parse
from app.api.schemas import InvalidOut, ProblemOut
from app.edge.error_handlers import problem_response
from app.presenters.problem_details import Problem

View = TypeVar("View", bound=Callable[..., Any])
KEY, TOKEN = "AdminKey", "ApiToken"
STAFF: dict[str, Any] = {"tags": ["Admin"], "security": [{KEY: []}]}
"""Tag and security scheme of the calls of organisers and operators."""


_LENGTHS = {
    "too_short": ("min_length", "must have at least {} characters"),
    "too_long": ("max_length", "must have at most {} characters"),
}


def _field_error(detail: Mapping[str, Any]) -> dict[str, str]:
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    if detail["type"] in _LENGTHS:
        name, words = _LENGTHS[detail["type"]]
        message = words.format(detail["ctx"][name])
    names = [str(part) for part in detail["loc"] if not str(part).startswith("function-")]
    return {"field": ".".join(names) or "body", "message": message[:1].lower() + message[1:]}


class _Spec(SpecTree):
    """Makes a model's schema once, not for each call that has it: that was a tenth of the time in
    which a web worker starts."""

    def __init__(self, *args: Any, **facts: Any) -> None:
        self._latest_modes: dict[Any, str] = {}
        super().__init__(*args, **facts)

    def _add_model(self, model: Any, mode: Any = "validation") -> str:
        if self._latest_modes.get(model) == mode:
            return self.naming_strategy(model)
        self._latest_modes[model] = mode
        return super()._add_model(model, mode)


spec = _Spec(
    "flask",
    title="Utsavam",
    version="1",
    description=(
        "Events, bookings and their administration. Send `X-Admin-Key` as an organiser, or "
        "`Authorization: Bearer <API token>` as a user; a token is made on the account page. "
        "Times are RFC 3339 in UTC; money is in the currency's smallest "
        "unit by ISO 4217, and nothing is charged here. Errors are "
        "problem details (RFC 9457). Who calls too often is told 429, and in `Retry-After` the "
        "seconds to wait; keys of staff are not counted."
    ),
    path="api/spec",
    mode="strict",
    annotations=False,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_status=422,
    validation_error_model=InvalidOut,
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
    """Declare a call's responses, as in `answers(404, HTTP_200=EventOut)`.

    422 is always added, and 403, for staff of too low a role, wherever there is a 401.
    """
    if 401 in problems:
        problems = (*problems, 403)
    return Response(**models, **{f"HTTP_{status}": ProblemOut for status in problems})


def valid(
    resp: Response,
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    **facts: Any,
) -> Callable[[View], View]:
    """Validate the input against the schemas, pass it to the view, and document the call.

    `facts` are passed to `spec.validate` for documentation. Its wrapper is not used: it parses
    every response again, which costs as much as a booking.
    """

    def decorate(view: View) -> View:
        documented = spec.validate(resp=resp, query=query, json=body, **facts)(view)

        @wraps(documented)
        def validated(**address: Any) -> Any:
            try:
                if body is not None:
                    address["body"] = parse(body)
                if query is not None:
                    address["query"] = query.model_validate(request.args.to_dict())
            except ValidationError as error:
                return _refused(error)
            return view(**address)

        return validated  # type: ignore[return-value]

    return decorate


def _refused(error: ValidationError) -> Answer:
    found = [_field_error(detail) for detail in error.errors(include_url=False)]
    first = found[0]
    return problem_response(
        Problem(
            422,
            "invalid",
            "Invalid request",
            f"The field {first['field']} is not valid: {first['message']}.",
            {"errors": found},
        )
    )
