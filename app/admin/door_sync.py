"""What a door's device asks beside its page: the list for when it has no network, and what it did
without one."""

from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from app.admin.door_forms import OfflineScanForm
from app.admin.guard import staff_pages
from app.edge.compact_json import compact_json
from app.edge.extensions import csrf
from app.edge.json_bodies import require_json
from app.edge.session import current_admin
from app.errors import CheckInNotFound, InvalidField
from app.presenters.guest_lists import list_facts
from app.services import check_ins, events, guest_lists

blueprint = staff_pages("door_sync", __name__)
blueprint.before_request(require_json)
csrf.exempt(blueprint)
MOST_SCANS = 50


@blueprint.get("/<id:event_id>/guests")
def show(event_id: int) -> Response:
    """A part of the list, after the cursor that came with the last one."""
    found = guest_lists.read(event_id, request.args.get("after"))
    staff = current_admin()
    facts = list_facts(event_id, found, staff.expires_at if staff else None)
    return compact_json(facts, guests=found.guests)


@blueprint.post("/<id:event_id>/scans")
def create(event_id: int) -> Response:
    """Scans and undos that were made without network, in their order.

    Each is answered by itself: one that is refused holds none of the others up.
    """
    events.get_event(event_id, drafts=True)
    given = request.get_json()
    scans = given.get("scans") if isinstance(given, dict) else None
    if not isinstance(scans, list) or len(scans) > MOST_SCANS:
        raise BadRequest
    return compact_json({"scans": [_record(event_id, scan) for scan in scans]})


def _record(event_id: int, facts: Any) -> dict[str, Any]:
    fields = facts if isinstance(facts, dict) else {}
    form = OfflineScanForm(MultiDict({name: _text(value) for name, value in fields.items()}))
    told: dict[str, Any] = {"id": form.id.data}
    if not form.validate():
        return {**told, "refused": str(next(iter(form.errors.values()))[0])}
    try:
        if form.undoes.data:
            check_ins.undo(
                event_id,
                UUID(form.undoes.data),
                undo_id=UUID(form.id.data),
                door=form.door.data or "",
                at=form.moment,
            )
            return told
        found = check_ins.check_in(event_id, form.scan())
    except (InvalidField, CheckInNotFound) as error:
        return {**told, "refused": str(error)}
    return {**told, "answer": found.answer, "conflict": found.check_in.is_conflict}


def _text(value: Any) -> str:
    """JSON may hold halves of letters (surrogates), which no other text does."""
    return str(value).encode(errors="replace").decode()
