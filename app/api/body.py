"""The request's body: JSON, an object, and said to be so."""

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.edge.extensions import csrf


def api_blueprint(name: str, module: str) -> Blueprint:
    """A part of the API: it takes JSON only, and for that reason no CSRF token."""
    blueprint = Blueprint(f"api_{name}", module)
    blueprint.before_request(require_json)
    csrf.exempt(blueprint)
    return blueprint


def require_json() -> None:
    """Raises 400 or 415 for a body that is no JSON object.

    The media type matters: a foreign page can send forms and text here without asking, JSON not.
    """
    if request.method not in {"POST", "PUT"} or not _has_body():
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        body = request.get_json()
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except BadRequest:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")


def _has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers
