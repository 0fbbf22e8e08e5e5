"""The door: volunteers check guests in, by code or by name."""

from uuid import UUID, uuid4

from flask import Response, make_response, render_template, session, url_for
from flask_babel import gettext as _

from app.admin.door_forms import CheckInForm, UndoForm
from app.admin.guard import staff_pages
from app.edge.htmx import Answer, go_to, is_htmx
from app.errors import InvalidField
from app.models import Event, NotValid
from app.models.columns import now
from app.presenters.door_answers import ShownAnswer, shown_answer
from app.presenters.door_words import code_rules, offline_words
from app.services import admissions, check_ins, doors, events
from app.services.check_ins import Told

blueprint = staff_pages("door", __name__)
DOOR = "door"
"""Name in the session of the door that this device stands at."""
MOST_FOUND = 8


@blueprint.get("/")
def index() -> Answer:
    found = doors.list_events()
    if len(found) == 1:
        return go_to(url_for("door.show", event_id=found[0].id))
    return render_template("pages/admin/doors.html", events=found)


@blueprint.get("/<id:event_id>")
def show(event_id: int) -> Answer:
    return _page(events.get_event(event_id, drafts=True))


@blueprint.post("/<id:event_id>/check-ins")
def check_in(event_id: int) -> Answer:
    form = CheckInForm()
    event = events.get_event(event_id, drafts=True)
    if not form.validate():
        return _page(event, error=next(iter(form.errors.values()))[0], status=422)
    if session.get(DOOR, "") != form.door.data:
        session[DOOR] = form.door.data
    if form.looks_for_a_name:
        return _page(event, q=form.code.data)
    try:
        told = check_ins.check_in(event_id, form.scan())
    except InvalidField:
        return _page(event, error=_("This scan came before. Please scan once more."), status=422)
    # Twelve letters may be a name as well.
    maybe_name = told.reason == NotValid.UNKNOWN and form.code.data.isalpha()
    return _page(event, told=told, q=form.code.data if maybe_name else "")


@blueprint.post("/<id:event_id>/check-ins/<uuid:check_in_id>/undo")
def undo(event_id: int, check_in_id: UUID) -> Answer:
    form = UndoForm()
    event = events.get_event(event_id, drafts=True)
    if not form.validate():
        return _page(event, error=next(iter(form.errors.values()))[0], status=422)
    told = check_ins.undo(
        event_id, check_in_id, undo_id=UUID(form.id.data), door=session.get(DOOR, "")
    )
    return _page(event, told=told)


def _page(
    event: Event,
    *,
    told: Told | None = None,
    q: str = "",
    error: str | None = None,
    status: int = 200,
) -> Response:
    found = doors.find_guests(event.id, q, MOST_FOUND) if q else []
    page = render_template(
        "fragments/door.html" if is_htmx() else "pages/admin/door.html",
        event=event,
        answer=_shown(told, event) if told else None,
        arrivals=admissions.arrivals(event.id),
        found=found,
        q=q,
        error=error,
        door=session.get(DOOR, ""),
        new_id=uuid4,
        swapped=is_htmx(),
        now=now(),
        words=offline_words(),
        rules=code_rules(),
    )
    return make_response(page, status)


def _shown(told: Told, event: Event) -> ShownAnswer:
    return shown_answer(told.check_in, event, told.booking, list(told.earlier), told.seats_in)
