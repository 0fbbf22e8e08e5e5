"""Events for organisers: list, create, edit, publish, cancel, duplicate, delete."""

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import BadRequest

from app.admin import event_saving
from app.admin.copy_form import CopyForm
from app.admin.event_form import EventForm
from app.admin.guard import staff_pages
from app.admin.money_fields import keep_price
from app.edge.current import desk
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.edge.search_meanings import meanings_here
from app.edge.security import an_id
from app.errors import CapacityBelowSold, CurrencyFixed, InvalidField
from app.models import Event, EventStatus
from app.models.columns import now
from app.services import events, money_back, payment_figures
from app.services.event_search import EventQuery
from app.services.reservations import seats_reserved

blueprint = staff_pages("admin_events", __name__)

DRAFT, PUBLISHED = EventStatus.DRAFT, EventStatus.PUBLISHED


@blueprint.get("/events")
def index() -> Answer:
    past = request.args.get("when") == "past"
    q = request.args.get("q", "").strip()[:100]
    query = EventQuery(
        q=q,
        meanings=meanings_here(q, past=past),
        past_only=past,
        drafts=True,
        after=request.args.get("after"),
    )
    page = events.list_events(query)
    return render_template(
        "pages/admin/events.html",
        page=page,
        query=query,
        count=events.count_events(query),
        reserved=seats_reserved([event.id for event in page.items]),
    )


@blueprint.get("/events/new")
def new() -> Answer:
    return render_template("pages/admin/event_form.html", form=EventForm(formdata=None), event=None)


@blueprint.post("/events")
def create() -> Answer:
    made = event_saving.create((PUBLISHED if "publish" in request.form else DRAFT).value)
    if isinstance(made, Response):
        return made
    flash(_saved_message(made), "done")
    return go_to(url_for("admin_events.edit", event_id=made.id))


@blueprint.get("/events/<id:event_id>/edit")
def edit(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return event_saving.form_page(EventForm.of(event), event)


@blueprint.post("/events/<id:event_id>/edit")
def update(event_id: int) -> Answer:
    return event_saving.save(event_id)


@blueprint.post("/events/<id:event_id>/publication")
def publish(event_id: int) -> Answer:
    told = _("It is published: everybody sees it.")
    return event_saving.save(event_id, {"status": PUBLISHED.value}, told)


@blueprint.post("/events/<id:event_id>/withdrawal")
def withdraw(event_id: int) -> Answer:
    told = _("It is a draft: only organisers see it.")
    return event_saving.save(event_id, {"status": DRAFT.value}, told)


@blueprint.get("/events/<id:event_id>/cancellation")
def confirm_cancellation(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    bookings = events.count_confirmed(event_id)
    return render_template(
        "pages/admin/event_cancellation.html",
        event=event,
        bookings=bookings,
        owed=payment_figures.figures_of(event_id).owed_if_cancelled,
        pause=int(money_back.PAUSE.total_seconds() // 60),
        **event_saving.news_facts(event),
    )


@blueprint.post("/events/<id:event_id>/cancellation")
def cancel(event_id: int) -> Answer:
    told = _("It is cancelled: its page and its tickets say so.")
    return event_saving.save(event_id, {"status": EventStatus.CANCELLED.value}, told)


@blueprint.get("/events/<id:event_id>/duplicate")
def ask_copy(event_id: int) -> Answer:
    """Ask for the copy's name and date: all its other moments move with its start."""
    event = events.get_event(event_id, drafts=True)
    return _copy_page(CopyForm.of(event, _("%(name)s (copy)", name=event.name)[:200]), event)


@blueprint.post("/events/<id:event_id>/duplicate")
def duplicate(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    form = CopyForm(event)
    if not form.validate():
        return _copy_page(form, event, 422)
    try:
        copy = events.duplicate_event(event_id, form.name.data, desk(), start=form.start())
    except InvalidField as error:
        form.refuse("start_at", sentence(error.message))
        return _copy_page(form, event, 422)
    flash(_("This is the copy, a draft: nobody sees it until you publish it."), "done")
    return go_to(url_for("admin_events.edit", event_id=copy.id))


@blueprint.post("/events/preview")
def preview() -> Answer:
    """Preview the card and the description, and list the errors left in the form."""
    form, event = _preview()
    return render_template("fragments/event_preview.html", form=form, event=event, index=1)


@blueprint.post("/events/check")
def check() -> Answer:
    """Validate one field in the context of the others."""
    form, _event = _preview()
    name = request.args.get("field", "")
    if name not in form:
        raise BadRequest(f"The form has no field {name[:50]!r}.")
    return render_template("fragments/field_error.html", item=form[name])


@blueprint.get("/events/<id:event_id>/deletion")
def confirm_deletion(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return render_template(
        "pages/admin/deletion.html",
        event=event,
        bookings=events.count_confirmed(event_id),
        owed=0 if event.is_over(now()) else payment_figures.figures_of(event_id).owed_if_cancelled,
        **event_saving.news_facts(event),
    )


@blueprint.post("/events/<id:event_id>/deletion")
def delete(event_id: int) -> Answer:
    cancelled = events.delete_event(event_id, desk(), force=True, words=event_saving.words())
    flash(
        ngettext(
            "The event is deleted; %(num)d booking was cancelled.",
            "The event is deleted; %(num)d bookings were cancelled.",
            cancelled,
        ),
        "done",
    )
    return go_to(url_for("admin_events.index"))


def _preview() -> tuple[EventForm, Event | None]:
    """The form, and the event that it would save; None, with errors on the form, if invalid."""
    event_id = request.args.get("event", type=an_id)
    current = events.get_event(event_id, drafts=True) if event_id else None
    form = EventForm(**({"currency": current.currency} if current else {}))
    keep_price(form, current)
    if not form.validate():
        return form, None
    try:
        return form, events.preview_event(form.facts(), event_id)
    except (InvalidField, CapacityBelowSold, CurrencyFixed) as error:
        event_saving.refuse(form, error)
    return form, None


def _saved_message(event: Event) -> str:
    if event.status == EventStatus.PUBLISHED:
        return str(_("“%(name)s” is published.", name=event.name))
    return str(_("“%(name)s” is saved as a draft. Publish it when it is ready.", name=event.name))


def _copy_page(form: CopyForm, event: Event, status: int = 200) -> Response:
    page = render_template("pages/admin/event_copy.html", form=form, event=event)
    return make_response(page, status)
