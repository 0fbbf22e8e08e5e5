"""The request's body: JSON, an object, and said to be so."""

from typing import Any, TypeVar

from flask import Blueprint, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.edge.extensions import csrf
from app.edge.rate_limits import api_call

Body = TypeVar("Body", bound=BaseModel)


def api_blueprint(name: str, module: str, *, limited: bool = True) -> Blueprint:
    """A part of the API: it takes JSON only, and for that reason no CSRF token."""
    blueprint = Blueprint(f"api_{name}", module)
    if limited:
        blueprint.before_request(api_call)
    blueprint.before_request(require_json)
    csrf.exempt(blueprint)
    return blueprint


def require_json() -> None:
    """Raises 415 for a body that does not say it is JSON.

    The media type matters: a foreign page can send forms and text here without asking, JSON not.
    """
    if request.environ.get("CONTENT_TYPE") == "application/json":
        return
    if request.method not in {"POST", "PUT", "PATCH"} or not _has_body():
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType


def parse(schema: type[Body]) -> Body:
    """The body as `schema`. Raises `ValidationError`, and 400 for what is no JSON object."""
    try:
        return schema.model_validate_json(request.get_data())
    except ValidationError as error:
        if any(detail["type"] in {"json_invalid", "model_type"} for detail in error.errors()):
            # A half of a character is no JSON to pydantic; parsed, it names its field.
            return schema.model_validate(_parsed())
        raise


def _parsed() -> dict[str, Any]:
    if not _has_body():
        return {}
    try:
        parsed = request.get_json()
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except BadRequest:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise BadRequest("The body must be a JSON object.")
    return parsed


def _has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers
