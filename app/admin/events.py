"""Events as the organiser keeps them: listed, created, edited, deleted."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.admin.forms import EventForm
from app.admin.guard import behind_key
from app.edge.current import desk
from app.edge.htmx import Answer, go_to
from app.edge.wording import problem_of
from app.errors import CapacityBelowSold, InvalidField, VersionConflict
from app.models import Event
from app.services import events
from app.services.event_search import EventQuery

blueprint = Blueprint("admin_events", __name__)
behind_key(blueprint)


@blueprint.get("/events")
def index() -> Answer:
    past = request.args.get("when") == "past"
    query = EventQuery(
        q=request.args.get("q", "").strip()[:100],
        past_only=past,
        drafts=True,
        after=request.args.get("after"),
    )
    page = events.list_events(query)
    return render_template(
        "pages/admin/events.html", page=page, query=query, count=events.count_events(query)
    )


@blueprint.get("/events/new")
def new() -> Answer:
    return render_template("pages/admin/event_form.html", form=EventForm(formdata=None), event=None)


@blueprint.post("/events")
def create() -> Answer:
    form = EventForm()
    if form.validate():
        try:
            event = events.create_event(form.facts(), desk())
        except InvalidField as error:
            form.refuse(error.field, _sentence(error.message))
        else:
            flash(_("“%(name)s” is created.", name=event.name), "done")
            return go_to(url_for("admin_events.index"))
    return _again(form, None, 422)


@blueprint.get("/events/<id:event_id>/edit")
def edit(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return render_template("pages/admin/event_form.html", form=EventForm.of(event), event=event)


@blueprint.post("/events/<id:event_id>/edit")
def update(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    form = EventForm()
    if not form.validate():
        return _again(form, event, 422)
    try:
        events.update_event(event_id, form.facts(), desk(), seen=form.seen_at())
    except InvalidField as error:
        form.refuse(error.field, _sentence(error.message))
    except CapacityBelowSold as error:
        form.refuse("capacity", problem_of(error).detail)
    except VersionConflict as error:
        return _conflict(form, event_id, error)
    else:
        flash(_("“%(name)s” is saved.", name=form.name.data), "done")
        return go_to(url_for("admin_events.index"))
    return _again(form, events.get_event(event_id, drafts=True), 422)


@blueprint.post("/events/<id:event_id>/pause")
def pause(event_id: int) -> Answer:
    event = events.pause_sales(event_id, "pause" in request.form, desk())
    flash(_("Sales are paused.") if event.sales_paused else _("Sales go on."), "done")
    return go_to(url_for("admin_events.edit", event_id=event_id))


@blueprint.post("/events/<id:event_id>/duplicate")
def duplicate(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    copy = events.duplicate_event(event_id, _("%(name)s (copy)", name=event.name), desk())
    flash(_("This is the copy, a draft: nobody sees it until you publish it."), "done")
    return go_to(url_for("admin_events.edit", event_id=copy.id))


@blueprint.post("/events/preview")
def preview() -> Answer:
    """The card and the text as visitors would see them, and what is still to be mended."""
    form = EventForm()
    event = None
    if form.validate():
        ident = request.args.get("event", 1, type=int)
        facts = form.facts()
        seats = {"seats_available": facts["capacity"], "seats_held": 0}
        event = Event(id=ident, currency="INR", **seats, **facts)
    return render_template("fragments/event_preview.html", form=form, event=event, index=1)


@blueprint.get("/events/<id:event_id>/deletion")
def confirm_deletion(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return render_template(
        "pages/admin/deletion.html", event=event, bookings=events.count_confirmed(event_id)
    )


@blueprint.post("/events/<id:event_id>/deletion")
def delete(event_id: int) -> Answer:
    cancelled = events.delete_event(event_id, desk(), force=True)
    flash(
        ngettext(
            "The event is deleted; %(num)d booking was cancelled.",
            "The event is deleted; %(num)d bookings were cancelled.",
            cancelled,
        ),
        "done",
    )
    return go_to(url_for("admin_events.index"))


def _again(form: EventForm, event: Event | None, status: int) -> Response:
    page = render_template("pages/admin/event_form.html", form=form, event=event)
    return make_response(page, status)


def _conflict(form: EventForm, event_id: int, error: VersionConflict) -> Response:
    """Both versions: the form keeps what was typed, the page shows what is stored by now."""
    current = events.get_event(event_id, drafts=True)
    form.seen.data = current.updated_at.isoformat()
    page = render_template(
        "pages/admin/event_form.html",
        form=form,
        event=current,
        conflict=problem_of(error).detail,
        current=EventForm.of(current),
    )
    return make_response(page, 409)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + "."
