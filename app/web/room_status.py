"""A waiting room's status, for questions that are not plain (see `app/edge/room_status.py`)."""

from flask import Blueprint, Response, request

from app.edge.current import room_statuses
from app.edge.room_status import status_answer

blueprint = Blueprint("room_status", __name__)


@blueprint.get("/events/<id:event_id>/waiting-room.json")
def show(event_id: int) -> Response:
    answer = status_answer(room_statuses(), event_id, request.headers.get("If-None-Match"))
    kind = answer.content_type or None
    return Response(answer.body, answer.status, answer.headers, content_type=kind)
