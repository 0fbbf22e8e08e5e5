"""Check-in at the door, for programs: scan, undo, history."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api.body import api_blueprint
from app.api.callers import caller
from app.api.check_in_schemas import (
    ArrivalFiguresOut,
    ArrivalsOut,
    CheckInIn,
    CheckInOut,
    CheckInsOut,
    DoorFiguresOut,
    EarlierOut,
    GuestListOut,
    GuestListQuery,
    ScanOut,
    SpanFiguresOut,
    TypeArrivalsOut,
    UndoIn,
)
from app.api.present import json_response, page_response
from app.api.schemas import PagingQuery
from app.api.spec import KEY, answers, valid
from app.edge.compact_json import compact_json
from app.models import CheckIn
from app.presenters.guest_lists import list_facts
from app.presenters.guests import guest_name
from app.services import admissions, arrivals, check_ins, events, guest_lists
from app.services.check_ins import Scan, Told

blueprint = api_blueprint("check_ins", __name__)
DOOR: dict[str, Any] = {"tags": ["Door"], "security": [{KEY: []}]}


@blueprint.post("/admin/events/<id:event_id>/check-ins")
@valid(
    answers(400, 401, 404, 413, 415, HTTP_200=ScanOut),
    body=CheckInIn,
    operation_id="checkIn",
    **DOOR,
)
def create_check_in(event_id: int, body: CheckInIn) -> Response:
    """Check seats in at the door

    The answer is always 200: `answer` says whether somebody was admitted. A scan whose answer was
    lost is sent again with the same `id`, and told the same; a seat is admitted once.
    """
    return _told(event_id, check_ins.check_in(event_id, Scan(**body.model_dump())))


@blueprint.post("/admin/events/<id:event_id>/check-ins/<uuid:check_in_id>/undo")
@valid(
    answers(400, 401, 404, 413, 415, HTTP_200=ScanOut),
    body=UndoIn,
    operation_id="undoCheckIn",
    **DOOR,
)
def undo_check_in(event_id: int, check_in_id: UUID, body: UndoIn) -> Response:
    """Undo a check-in

    The seats that it admitted are not in any more. Both stay in the list.
    """
    return _told(
        event_id, check_ins.undo(event_id, check_in_id, undo_id=body.id, door=body.door, at=body.at)
    )


@blueprint.get("/admin/events/<id:event_id>/check-ins")
@valid(
    answers(401, 404, HTTP_200=CheckInsOut),
    query=PagingQuery,
    operation_id="listCheckIns",
    **DOOR,
)
def list_check_ins(event_id: int, query: PagingQuery) -> Response:
    """List what was scanned at an event's doors, the newest first"""
    page = check_ins.list_check_ins(event_id, limit=query.limit, after=query.after)
    found = [CheckInOut(**_facts(one)) for one in page.items]
    return page_response(CheckInsOut(arrivals=_arrivals(event_id), check_ins=found), page)


@blueprint.get("/admin/events/<id:event_id>/arrivals")
@valid(answers(401, 404, HTTP_200=ArrivalFiguresOut), operation_id="getArrivals", **DOOR)
def get_arrivals(event_id: int) -> Response:
    """Get how guests arrive: when, and through which door"""
    events.get_event(event_id, drafts=True)
    found = arrivals.figures_of(event_id)
    return json_response(
        ArrivalFiguresOut(
            seats_in=found.arrivals.seats_in,
            seats=found.arrivals.seats,
            by_type=[TypeArrivalsOut(**one._asdict()) for one in found.arrivals.by_type],
            bookings_to_come=found.to_come,
            doors=[DoorFiguresOut(**one._asdict()) for one in found.doors],
            minutes=found.minutes,
            spans=[SpanFiguresOut(**one._asdict()) for one in found.spans],
            conflicts=[CheckInOut(**_facts(one)) for one in found.conflicts],
        )
    )


@blueprint.get("/admin/events/<id:event_id>/guest-list")
@valid(
    answers(400, 401, 404, HTTP_200=GuestListOut),
    query=GuestListQuery,
    operation_id="readGuestList",
    **DOOR,
)
def read_guest_list(event_id: int, query: GuestListQuery) -> Response:
    """Read the list for a door without network, then what has changed

    The first call has no cursor. While `is_last` is false, call again at once with the `cursor` of
    the answer; then every few seconds. No ticket can be printed from the list: it has hashes.
    """
    found = guest_lists.read(event_id, query.after)
    staff = caller().staff
    key_ends = staff.expires_at if staff else None
    return compact_json(list_facts(event_id, found, key_ends), guests=found.guests)


def _told(event_id: int, told: Told) -> Response:
    here = told.booking if told.booking and told.booking.event_id == event_id else None
    return json_response(
        ScanOut(
            **_facts(told.check_in),
            guest=guest_name(here) if here else None,
            reference=here.reference if here else None,
            booking_seats=here.seats if here else None,
            booking_seats_in=told.seats_in if here else None,
            earlier=[EarlierOut.model_validate(one) for one in told.earlier],
            arrivals=_arrivals(event_id),
        )
    )


def _facts(check_in: CheckIn) -> dict[str, object]:
    return {name: getattr(check_in, name) for name in CheckInOut.model_fields}


def _arrivals(event_id: int) -> ArrivalsOut:
    return ArrivalsOut.of(admissions.arrivals(event_id))
