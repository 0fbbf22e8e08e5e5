"""Events for organisers: list, create, edit, publish, cancel, duplicate, delete."""

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import BadRequest

from app.admin.event_form import EventForm
from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.edge.security import an_id
from app.errors import CapacityBelowSold, InvalidField, VersionConflict
from app.models import Event, EventStatus
from app.presenters.problems import problem_of
from app.services import audit, events
from app.services.event_search import EventQuery

blueprint = staff_pages("admin_events", __name__)


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
            event = events.create_event({**form.facts(), "status": _status(form)}, desk())
        except InvalidField as error:
            form.refuse(error.field, sentence(error.message))
        else:
            flash(_saved_message(event), "done")
            return go_to(url_for("admin_events.edit", event_id=event.id))
    return _form_page(form, None, 422)


@blueprint.get("/events/<id:event_id>/edit")
def edit(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return render_template("pages/admin/event_form.html", form=EventForm.of(event), event=event)


@blueprint.post("/events/<id:event_id>/edit")
def update(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    form = EventForm()
    if not form.validate():
        return _form_page(form, event, 422)
    try:
        merged = _save_or_merge(form, event)
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
    except CapacityBelowSold as error:
        form.refuse("capacity", problem_of(error).detail)
    except Collision as error:
        return _conflict(form, event_id, error.fields)
    else:
        flash(_("“%(name)s” is saved.", name=form.name.data), "done")
        if merged:
            flash(_("Somebody else had saved other fields meanwhile: their changes stay."), "done")
        return go_to(url_for("admin_events.index"))
    return _form_page(form, events.get_event(event_id, drafts=True), 422)


@blueprint.post("/events/<id:event_id>/publication")
def publish(event_id: int) -> Answer:
    return _with_status(event_id, EventStatus.PUBLISHED, _("It is published: everybody sees it."))


@blueprint.post("/events/<id:event_id>/withdrawal")
def withdraw(event_id: int) -> Answer:
    try:
        message = _("It is a draft: only organisers see it.")
        return _with_status(event_id, EventStatus.DRAFT, message)
    except InvalidField:
        flash(_("Seats are sold already: its guests must be able to find it."), "error")
        return go_to(url_for("admin_events.edit", event_id=event_id))


@blueprint.get("/events/<id:event_id>/cancellation")
def confirm_cancellation(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    bookings = events.count_confirmed(event_id)
    return render_template("pages/admin/event_cancellation.html", event=event, bookings=bookings)


@blueprint.post("/events/<id:event_id>/cancellation")
def cancel(event_id: int) -> Answer:
    message = _("It is cancelled: its page and its tickets say so.")
    return _with_status(event_id, EventStatus.CANCELLED, message)


@blueprint.post("/events/<id:event_id>/duplicate")
def duplicate(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    copy = events.duplicate_event(event_id, _("%(name)s (copy)", name=event.name), desk())
    flash(_("This is the copy, a draft: nobody sees it until you publish it."), "done")
    return go_to(url_for("admin_events.edit", event_id=copy.id))


@blueprint.post("/events/preview")
def preview() -> Answer:
    """Preview the card and the description, and list the errors left in the form."""
    form = EventForm()
    event = _preview(form)
    return render_template("fragments/event_preview.html", form=form, event=event, index=1)


@blueprint.post("/events/check")
def check() -> Answer:
    """Validate one field in the context of the others."""
    form = EventForm()
    _preview(form)
    name = request.args.get("field", "")
    if name not in form:
        raise BadRequest(f"The form has no field {name[:50]!r}.")
    return render_template("fragments/field_error.html", item=form[name])


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


def _preview(form: EventForm) -> Event | None:
    """The event that the form would save; None, with errors on the form, if it is invalid."""
    if not form.validate():
        return None
    try:
        return events.preview_event(form.facts(), request.args.get("event", type=an_id))
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
    except CapacityBelowSold as error:
        form.refuse("capacity", problem_of(error).detail)
    return None


def _status(form: EventForm) -> str:
    return (EventStatus.PUBLISHED if form.publish.data else EventStatus.DRAFT).value


def _saved_message(event: Event) -> str:
    if event.status == EventStatus.PUBLISHED:
        return str(_("“%(name)s” is published.", name=event.name))
    return str(_("“%(name)s” is saved as a draft. Publish it when it is ready.", name=event.name))


def _with_status(event_id: int, status: EventStatus, message: str) -> Response:
    events.update_event(event_id, {"status": status.value}, desk())
    flash(message, "done")
    return go_to(url_for("admin_events.edit", event_id=event_id))


def _form_page(form: EventForm, event: Event | None, status: int) -> Response:
    page = render_template("pages/admin/event_form.html", form=form, event=event)
    return make_response(page, status)


class Collision(Exception):
    """Two organisers have changed the same fields of an event concurrently."""

    def __init__(self, fields: list[str]) -> None:
        self.fields = fields


def _save_or_merge(form: EventForm, event: Event) -> bool:
    """Save the form; returns whether it was merged with another organiser's concurrent edit.

    Raises `Collision` when both changed the same fields, and what `update_event` raises.
    """
    try:
        events.update_event(event.id, form.facts(event), desk(), seen=form.seen_at())
        return False
    except VersionConflict:
        current = events.get_event(event.id, drafts=True)
        both = form.merge(EventForm.of(current))
    if both:
        raise Collision(both)
    try:
        events.update_event(event.id, form.facts(current), desk(), seen=form.seen_at())
    except VersionConflict:
        raise Collision([]) from None
    return True


def _conflict(form: EventForm, event_id: int, fields: list[str]) -> Response:
    """Show both versions of the conflicting fields; the form keeps its input."""
    current = events.get_event(event_id, drafts=True)
    page = render_template(
        "pages/admin/event_form.html",
        form=form,
        event=current,
        conflict=fields,
        current=EventForm.of(current),
        latest=audit.latest("event.updated", current),
    )
    return make_response(page, 409)
