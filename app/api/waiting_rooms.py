"""Waiting rooms: joining one, and where one stands."""

from flask import Response, request

from app.api.body import api_blueprint
from app.api.callers import caller
from app.api.present import json_response
from app.api.room_schemas import ChallengeOut, StandingOut
from app.api.room_setting_schemas import RoomChange, RoomOut
from app.api.room_tickets import PROOF_HEADER, TICKET_HEADER, join_as_caller, standing_of_caller
from app.api.spec import STAFF, answers, valid
from app.edge.current import catalogue, room_reports, settings, waiting_rooms
from app.errors import RoomNotFound
from app.models import WaitingRoom
from app.services import room_console, room_proofs, room_settings
from app.services.waiting_rooms import RoomPhase, event_of

blueprint = api_blueprint("waiting_rooms", __name__)


@blueprint.post("/events/<id:event_id>/waiting-room")
@valid(
    answers(401, 404, 503, HTTP_201=StandingOut), tags=["Events"], operation_id="joinWaitingRoom"
)
def join(event_id: int) -> Response:
    """Join an event's waiting room

    Keep the `ticket`, and send it as `Waiting-Room-Ticket`: with it nothing is joined twice. A user
    has one place, however often they join. 404 where the event has no waiting room: book at once.

    Without an account a room may take a proof of work (403 `proof-of-work`), as
    `Waiting-Room-Proof`: see `getWaitingRoomChallenge`.
    """
    catalogue().event(event_id)
    known = request.headers.get(TICKET_HEADER)
    proof = request.headers.get(PROOF_HEADER)
    ticket = join_as_caller(event_id, caller(), known, proof, request.remote_addr)
    return json_response(_standing(event_id, ticket), 201)


@blueprint.get("/events/<id:event_id>/waiting-room/challenge")
@valid(
    answers(401, 404, HTTP_200=ChallengeOut),
    tags=["Events"],
    operation_id="getWaitingRoomChallenge",
)
def challenge(event_id: int) -> Response:
    """Get what to compute before joining without an account

    Find the number, from 0 on and below `tries`, for which PBKDF2-HMAC-SHA-256 of the password
    `nonce`, with the number's decimal digits as salt and so many `iterations`, makes the 16 bytes
    of `target` in hexadecimal digits. It is good for five minutes and for one place. Callers with a
    token need none.
    """
    catalogue().event(event_id)
    if waiting_rooms().row(event_id) is None:
        raise RoomNotFound(event_id)
    found = room_proofs.challenge(waiting_rooms(), event_id, settings().secret_key)
    return json_response(ChallengeOut.of(found))


@blueprint.get("/events/<id:event_id>/waiting-room")
@valid(answers(401, 404, HTTP_200=StandingOut), tags=["Events"], operation_id="getWaitingRoom")
def get(event_id: int) -> Response:
    """Tell where the caller stands

    Of whoever sends no good `Waiting-Room-Ticket`, `phase` is `not_joined`. Ask again when a
    quarter of `wait` is over, not oftener than every three seconds.
    """
    event_of(waiting_rooms(), catalogue(), event_id)
    return json_response(_standing(event_id, request.headers.get(TICKET_HEADER)))


@blueprint.get("/admin/events/<id:event_id>/waiting-room")
@valid(answers(401, 404, HTTP_200=RoomOut), operation_id="getRoomSettings", **STAFF)
def get_settings(event_id: int) -> Response:
    """Tell how people wait for an event, who does now, and what each minute did"""
    return _settings(room_settings.get_room(event_id))


@blueprint.patch("/admin/events/<id:event_id>/waiting-room")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_200=RoomOut),
    body=RoomChange,
    operation_id="changeRoomSettings",
    **STAFF,
)
def change_settings(event_id: int, body: RoomChange) -> Response:
    """Turn a waiting room on or off, pause it, or set its pace"""
    changes = body.model_dump(exclude_unset=True)
    return _settings(room_settings.change_room(waiting_rooms(), event_id, changes))


def _settings(room: WaitingRoom) -> Response:
    seen = room_console.overview(waiting_rooms(), room_reports(), room.event_id)
    return json_response(RoomOut.of(room, seen, room_console.minutes(room.event_id)))


def _standing(event_id: int, ticket: str | None) -> StandingOut:
    found = standing_of_caller(event_id, caller(), ticket)
    if found is None:
        raise RoomNotFound(event_id)
    known = None if found.phase == RoomPhase.NOT_JOINED else ticket
    return StandingOut.of(found, known)
