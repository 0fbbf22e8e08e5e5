"""The request's body: JSON, an object, and said to be so."""

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType


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
