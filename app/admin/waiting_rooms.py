"""The waiting room of an event: its settings, and the console of who waits and at which pace."""

from typing import Any

from flask import abort, flash, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.admin.guard import staff_pages
from app.admin.room_words import pace_words, why_words
from app.admin.waiting_room_forms import PaceForm, RoomForm
from app.edge.current import room_reports, waiting_rooms
from app.edge.error_handlers import banner, database_answer
from app.edge.htmx import Answer, go_to, is_htmx
from app.models import Event
from app.presenters.charts import bar_chart
from app.presenters.problem_details import Problem
from app.services import events, room_console, room_settings
from app.services.room_console import Step
from app.services.room_minutes import Minute, by_minute

blueprint = staff_pages("admin_waiting_rooms", __name__)


@blueprint.get("/events/<id:event_id>/waiting-room")
def edit(event_id: int) -> Answer:
    return _page(event_id, RoomForm.of(room_settings.get_room(event_id)))


@blueprint.get("/events/<id:event_id>/waiting-room/figures")
def figures(event_id: int) -> Answer:
    """The figures, which the page asks for every few seconds."""
    event = events.get_event(event_id, drafts=True)
    return render_template("fragments/room_console.html", swap=True, event=event, **_shown(event))


@blueprint.post("/events/<id:event_id>/waiting-room")
def update(event_id: int) -> Answer:
    form = RoomForm.of(room_settings.get_room(event_id), sent=True)
    if not form.validate():
        return _page(event_id, form, 422)
    room_settings.change_room(waiting_rooms(), event_id, form.changes())
    flash(gettext("The waiting room is saved."), "done")
    return _to_page(event_id)


@blueprint.post("/events/<id:event_id>/waiting-room/pace")
def pace(event_id: int) -> Answer:
    """Pause, resume, or change the pace."""
    if request.form.get("step") not in list(Step):
        abort(400)
    room = room_console.change_pace(waiting_rooms(), event_id, Step(request.form["step"]))
    flash(pace_words(room), "done")
    return _to_page(event_id)


@blueprint.errorhandler(DBAPIError)
@blueprint.errorhandler(TimeoutError)
def tell_of_the_database(error: Exception) -> Answer:
    """Say on the page that shows figures that they are old ones."""
    answer = database_answer(error)
    if answer.status_code != 503 or not is_htmx():
        return answer
    words = gettext("The database is away, so that nobody can book: nobody's turn begins.")
    words = f"{words} {gettext('The figures are the last ones known.')}"
    return banner(Problem(503, "unavailable", "", words))


def _to_page(event_id: int) -> Answer:
    return go_to(url_for("admin_waiting_rooms.edit", event_id=event_id))


def _page(event_id: int, form: RoomForm, status: int = 200) -> Answer:
    event = events.get_event(event_id, drafts=True)
    page = render_template(
        "pages/admin/waiting_room.html",
        event=event,
        room_form=form,
        pace_form=PaceForm(formdata=None),
        room=room_settings.get_room(event_id),
        **_shown(event),
    )
    return make_response(page, status)


def _shown(event: Event) -> dict[str, Any]:
    minutes = room_console.minutes(event.id)
    seen = room_console.overview(waiting_rooms(), room_reports(), event.id)
    charts = {}
    for name in ("admitted", "booked"):
        figures = [(_clock(one, event), getattr(one, name)) for one in by_minute(minutes)]
        charts[f"{name}_chart"] = bar_chart(figures)
    why = why_words(seen) if seen else ""
    return {"seen": seen, "why": why, "minutes": minutes, **charts}


def _clock(minute: Minute, event: Event) -> str:
    return minute.at.astimezone(event.zone).strftime("%H:%M")
