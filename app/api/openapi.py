"""The OpenAPI document: what the schemas say, and the headers that they can't."""

from functools import cache
from typing import Any

from flask import Flask, Response, json

from app.api.spec import spec
from app.edge.http_errors import PROBLEM_JSON
from app.pictures import MEDIA_TYPES

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Makes the request safe to repeat: it books once.",
}
_REPLAYED = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": "The answer is that of an earlier request with the same key.",
}
_LINK = {"schema": {"type": "string"}, "description": 'The next page, `rel="next"`.'}
_ETAG = {"schema": {"type": "string"}}
_ID = {"type": "integer", "format": "int64", "minimum": 1}


def init_app(app: Flask) -> None:
    # Not `spec.register`: it would also serve documentation pages that load from elsewhere.
    spec.app = app

    @app.get("/api/openapi.json", endpoint="openapi")
    def openapi() -> Response:
        return Response(json.dumps(document()), mimetype="application/json")


@cache
def document() -> dict[str, Any]:
    """The document; made once, since it changes with the code only."""
    made: dict[str, Any] = json.loads(json.dumps(spec.spec))
    made["servers"] = [{"url": "/"}]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _finish(path, method, operation)
    made["paths"] = dict(sorted(made["paths"].items()))
    return made


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["schema"] = _ID
    answers = operation["responses"]
    for status, answer in answers.items():
        if int(status) >= 400 and "ReadyOut" not in str(answer) and "content" in answer:
            answer["content"] = {PROBLEM_JSON: answer["content"].pop("application/json")}
    if operation["operationId"] == "createBooking":
        operation["parameters"].append(_IDEMPOTENCY_KEY)
        answers["201"]["headers"] = {"Idempotency-Replayed": _REPLAYED}
    if operation["operationId"] == "getEvent":
        answers["200"]["headers"] = {"ETag": _ETAG}
    if "after" in {parameter["name"] for parameter in operation["parameters"]}:
        answers["200"]["headers"] = {"Link": _LINK}
    if operation["operationId"] == "setImage":
        body = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(sorted(MEDIA_TYPES), body),
        }
    has_inputs = operation.get("requestBody") or any(
        parameter["in"] != "path" for parameter in operation["parameters"]
    )
    if not has_inputs:
        answers.pop("422", None)
