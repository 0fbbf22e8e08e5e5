"""Named holds of an event, and bookings that staff issues, also from holds."""

from flask import Response, request

from app.api.body import api_blueprint
from app.api.bookings import same_key
from app.api.hold_schemas import HoldChange, HoldIn, HoldOut, HoldsOut, IssueIn
from app.api.present import booked_json, json_response
from app.api.schemas import BookedOut
from app.api.spec import STAFF, answers, valid
from app.booking.issues import Issue
from app.edge.current import desk
from app.models import Hold
from app.services import holds, issues

blueprint = api_blueprint("admin_holds", __name__)


@blueprint.get("/admin/events/<id:event_id>/holds")
@valid(answers(401, 404, HTTP_200=HoldsOut), operation_id="listHolds", **STAFF)
def list_holds(event_id: int) -> Response:
    """List the seats held back, by hold

    The event's `seats_held` is the sum of all, and of those without a name.
    """
    held = holds.list_holds(event_id)
    found = [_out(hold) for hold in held.holds]
    return json_response(HoldsOut(seats_held=held.event.seats_held, holds=found))


@blueprint.post("/admin/events/<id:event_id>/holds")
@valid(
    answers(400, 401, 404, 413, 415, 503, HTTP_201=HoldOut),
    body=HoldIn,
    operation_id="addHold",
    **STAFF,
)
def add_hold(event_id: int, body: HoldIn) -> Response:
    """Hold seats back for somebody"""
    hold = holds.add_hold(event_id, body.name, body.seats, desk(), from_held=body.from_held)
    return json_response(_out(hold), 201)


@blueprint.patch("/admin/events/<id:event_id>/holds/<id:hold_id>")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_200=HoldOut),
    body=HoldChange,
    operation_id="changeHold",
    **STAFF,
)
def change_hold(event_id: int, hold_id: int, body: HoldChange) -> Response:
    """Rename a hold, or set its seats

    Seats that it loses go on sale. With `seen`, nothing changes if it has other seats by now.
    """
    hold = holds.change_hold(
        event_id, hold_id, desk(), name=body.name, seats=body.seats, seen=body.seen
    )
    return json_response(_out(hold))


@blueprint.delete("/admin/events/<id:event_id>/holds/<id:hold_id>")
@valid(answers(401, 404, 503, HTTP_204=None), operation_id="releaseHold", **STAFF)
def release_hold(event_id: int, hold_id: int) -> tuple[str, int]:
    """Release a hold: its seats go on sale"""
    holds.release_hold(event_id, hold_id, desk())
    return "", 204


@blueprint.post("/admin/events/<id:event_id>/bookings")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_201=BookedOut),
    body=IssueIn,
    operation_id="issueBooking",
    **STAFF,
)
def issue_booking(event_id: int, body: IssueIn) -> Response:
    """Issue seats to a guest

    Free of charge, of a hold, or past the limit per person; then `issued_for` says who they are
    for. Repeat a request whose answer was lost with the same `Idempotency-Key`.
    """
    facts = body.model_dump()
    if (key := request.headers.get("Idempotency-Key")) is not None:
        facts["idempotency_key"] = same_key(key, body.idempotency_key)
    booked = issues.issue(desk(), event_id, Issue(**facts))
    content = booked_json(booked, for_guest=True)
    response = Response(content, 201, mimetype="application/json")
    response.headers["Location"] = f"/bookings/{booked.booking.id}"
    if booked.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _out(hold: Hold) -> HoldOut:
    return HoldOut(id=hold.id, name=hold.name, seats=hold.seats_left)
