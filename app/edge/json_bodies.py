"""What JSON bodies need instead of a token against forged requests."""

from flask import request
from werkzeug.exceptions import UnsupportedMediaType


def require_json() -> None:
    """Raise 415 for a body whose media type is not JSON.

    This replaces CSRF tokens: without a CORS preflight, another site's page can send forms and
    text, but not JSON.
    """
    if request.environ.get("CONTENT_TYPE") == "application/json":
        return
    if request.method not in {"POST", "PUT", "PATCH"} or not has_body():
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType


def has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers
