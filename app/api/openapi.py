"""The OpenAPI document: generated from the schemas, with headers and links added."""

from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json

from app.api.samples import ADDRESSES, ADDRESSES_OF, BODIES
from app.api.spec import spec
from app.edge.error_handlers import PROBLEM_JSON
from app.lib.images import MEDIA_TYPES
from app.services import rehearsals

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "Makes the request safe to repeat: what it asks for is done once.",
}
_REPLAYED = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": "The answer is that of an earlier request with the same key.",
}
_LINK = {"schema": {"type": "string"}, "description": 'The next page, `rel="next"`.'}
_PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
"""Any call may get 400 for an untrusted host or a NUL byte, and 503 while the database is down."""
_LIMITED = {
    "description": HTTPStatus.TOO_MANY_REQUESTS.phrase,
    "headers": {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "description": "Seconds after which the same request will be taken.",
        }
    },
    "content": {PROBLEM_JSON: _PROBLEM},
}
_KEYED = {"createBooking", "addVoucher", "addVouchers"}
"""Calls that are safe to repeat with an idempotency key."""
_TICKET = {
    "name": "Waiting-Room-Ticket",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "What joining the event's waiting room has returned.",
}
_PROOF = {
    "name": "Waiting-Room-Proof",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "A solved challenge, of callers without an account.",
}
_WITH_TICKET = {"createBooking", "joinWaitingRoom", "getWaitingRoom"}
_UNLIMITED = {"getHealth", "getReadiness"}
_ETAG = {"schema": {"type": "string"}}
_LEADS = {
    "createEvent": ("event_id", "id", ("getEvent", "updateEvent", "deleteEvent")),
    "createBooking": ("booking_id", "booking_id", ("getBooking", "changeBooking", "cancelBooking")),
    "createUser": ("user_id", "id", ("listBookingsOfUser",)),
}
"""Links by call: the parameter, the field of the response that is its value, the linked calls."""
_RUN = {"type": "string", "pattern": f"^{rehearsals.RUN.pattern}$"}
_ID = {"type": "integer", "format": "int64", "minimum": 1}


def init_app(app: Flask) -> None:
    # Not `spec.register`, which also serves documentation pages that load scripts from a CDN.
    spec.app = app

    @app.get("/api/openapi.json", endpoint="openapi")
    def openapi() -> Response:
        return Response(json.dumps(document()), mimetype="application/json")


@cache
def document() -> dict[str, Any]:
    """The document; cached, as it depends on the code only."""
    made: dict[str, Any] = json.loads(json.dumps(spec.spec))
    made["servers"] = [{"url": "/"}]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _finish(path, method, operation)
            if "requestBody" in operation:
                _finish_body(operation["requestBody"], made["components"]["schemas"])
    made["paths"] = dict(sorted(made["paths"].items()))
    return made


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    _finish_inputs(operation)
    answers = operation["responses"]
    for status, answer in answers.items():
        if int(status) >= 400 and "ReadyOut" not in str(answer) and "content" in answer:
            answer["content"] = {PROBLEM_JSON: answer["content"].pop("application/json")}
    for status in (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE):
        answers.setdefault(
            str(status.value), {"description": status.phrase, "content": {PROBLEM_JSON: _PROBLEM}}
        )
    if operation["operationId"] not in _UNLIMITED:
        answers[str(HTTPStatus.TOO_MANY_REQUESTS.value)] = _LIMITED
    if operation["operationId"] in _LEADS:
        name, field, others = _LEADS[operation["operationId"]]
        parameters = {name: f"$response.body#/{field}"}
        answers["201"]["links"] = {
            other: {"operationId": other, "parameters": parameters} for other in others
        }
    if operation["operationId"] in _KEYED:
        operation["parameters"].append(_IDEMPOTENCY_KEY)
        answers["201"]["headers"] = {"Idempotency-Replayed": _REPLAYED}
    if operation["operationId"] in _WITH_TICKET:
        operation["parameters"].append(_TICKET)
    if operation["operationId"] == "joinWaitingRoom":
        operation["parameters"].append(_PROOF)
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


def _finish_inputs(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["schema"] = _RUN if parameter["name"] == "run" else _ID
            parameter["example"] = ADDRESSES_OF.get(operation["operationId"], ADDRESSES)[
                parameter["name"]
            ]
    if sample := BODIES.get(operation["operationId"]):
        operation["requestBody"]["content"]["application/json"]["example"] = sample


def _finish_body(body: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Mark the body as optional where no field is required: no body counts as `{}`."""
    if said := body["content"].get("application/json"):
        name = said["schema"]["$ref"].rpartition("/")[2]
        body["required"] = bool(schemas[name].get("required"))
