"""The request body: a JSON object with the media type `application/json`."""

from typing import Any, TypeVar

from flask import Blueprint, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest

from app.edge.extensions import csrf
from app.edge.json_bodies import has_body, require_json
from app.edge.rate_limits import api_call

Body = TypeVar("Body", bound=BaseModel)


def api_blueprint(name: str, module: str, *, limited: bool = True) -> Blueprint:
    """Create a blueprint that takes JSON only, and therefore needs no CSRF token.

    With `limited`, calls count against the rate limit.
    """
    blueprint = Blueprint(f"api_{name}", module)
    if limited:
        blueprint.before_request(api_call)
    blueprint.before_request(require_json)
    csrf.exempt(blueprint)
    return blueprint


def parse(schema: type[Body]) -> Body:
    """Parse the body as `schema`. Raises `ValidationError`, and 400 if it is not a JSON object."""
    try:
        return schema.model_validate_json(request.get_data())
    except ValidationError as error:
        if any(detail["type"] in {"json_invalid", "model_type"} for detail in error.errors()):
            # Pydantic rejects a lone surrogate as invalid JSON; parsed first, the error names
            # its field.
            return schema.model_validate(_parsed())
        raise


def _parsed() -> dict[str, Any]:
    if not has_body():
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
