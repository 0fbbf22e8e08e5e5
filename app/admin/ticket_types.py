"""Ticket types of an event: list, add, change, move, withdraw, remove."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.admin.ticket_type_forms import FirstTypeForm, MoveForm, TicketTypeForm
from app.edge.current import desk
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to, is_htmx
from app.errors import InvalidField, VersionConflict
from app.models import Event, TicketType
from app.models.columns import now
from app.models.ticket_type import MAX_TYPES
from app.services import events, ticket_types

blueprint = staff_pages("admin_ticket_types", __name__)


@blueprint.get("/events/<id:event_id>/ticket-types")
def index(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    return _list_page(event, _new_form(event, formdata=None))


@blueprint.post("/events/<id:event_id>/ticket-types")
def create(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    form = _new_form(event)
    if not form.validate():
        return _list_page(event, form, 422)
    named = {"default_name": form.present_name.data} if isinstance(form, FirstTypeForm) else {}
    try:
        kind = ticket_types.add_type(event_id, form.facts(), desk(), **named)
    except InvalidField as error:
        _refuse(form, error)
        return _list_page(events.get_event(event_id, drafts=True), form, 422)
    flash(_("“%(name)s” is added.", name=kind.name), "done")
    return _to_list(event_id)


@blueprint.get("/events/<id:event_id>/ticket-types/<id:type_id>")
def edit(event_id: int, type_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    kind = ticket_types.get_type(event_id, type_id)
    return _change_page(event, kind, TicketTypeForm.of(event, kind))


@blueprint.post("/events/<id:event_id>/ticket-types/<id:type_id>")
def update(event_id: int, type_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    kind = ticket_types.get_type(event_id, type_id)
    form = TicketTypeForm(event)
    if not form.validate():
        return _change_page(event, kind, form, 422)
    seen, facts = form.changes()
    try:
        kind = ticket_types.change_type(event_id, type_id, facts, desk(), seen=seen)
    except InvalidField as error:
        _refuse(form, error)
        return _change_page(event, ticket_types.get_type(event_id, type_id), form, 422)
    except VersionConflict:
        kind = ticket_types.get_type(event_id, type_id)
        _tell_conflict(form, event, kind, seen)
        return _change_page(event, kind, form, 409)
    flash(_("“%(name)s” is saved.", name=kind.name), "done")
    return _to_list(event_id)


@blueprint.post("/events/<id:event_id>/ticket-types/<id:type_id>/place")
def move(event_id: int, type_id: int) -> Answer:
    form = MoveForm()
    if form.validate():
        ticket_types.move_type(event_id, type_id, form.place.data, desk())
    return _table_or_list(event_id)


@blueprint.post("/events/<id:event_id>/ticket-types/<id:type_id>/withdrawal")
def withdraw(event_id: int, type_id: int) -> Answer:
    return _withdraw(event_id, type_id, True)


@blueprint.post("/events/<id:event_id>/ticket-types/<id:type_id>/return")
def offer(event_id: int, type_id: int) -> Answer:
    return _withdraw(event_id, type_id, False)


@blueprint.post("/events/<id:event_id>/ticket-types/<id:type_id>/removal")
def remove(event_id: int, type_id: int) -> Answer:
    kind = ticket_types.get_type(event_id, type_id)
    try:
        ticket_types.remove_type(event_id, type_id, desk())
    except InvalidField as error:
        message = _("“%(name)s” stays: it %(why)s.", name=kind.name, why=error.message)
        flash(message, "error")
        return go_to(url_for("admin_ticket_types.edit", event_id=event_id, type_id=type_id))
    flash(_("“%(name)s” is removed.", name=kind.name), "done")
    return _to_list(event_id)


def _withdraw(event_id: int, type_id: int, withdrawn: bool) -> Answer:
    kind = ticket_types.change_type(event_id, type_id, {"withdrawn": withdrawn}, desk())
    if not is_htmx():
        told = _("“%(name)s” is sold no more.") if withdrawn else _("“%(name)s” is sold again.")
        flash(told % {"name": kind.name}, "done")
    return _table_or_list(event_id)


def _new_form(event: Event, **formdata: Any) -> TicketTypeForm:
    form: type[TicketTypeForm] = TicketTypeForm if event.has_types else FirstTypeForm
    return form(event, **formdata)


def _refuse(form: TicketTypeForm, error: InvalidField) -> None:
    if error.field == "name" and error.message == "is another ticket type's":
        form.refuse("name", _("Another ticket type of this event has this name already."))
    elif error.field == "name" and str(MAX_TYPES) in error.message:
        form.refuse("name", _("An event has at most %(max)d ticket types.", max=MAX_TYPES))
    else:
        field = "price" if error.field == "price_minor" else error.field
        form.refuse(field, sentence(error.message))


def _tell_conflict(
    form: TicketTypeForm, event: Event, kind: TicketType, seen: Mapping[str, Any]
) -> None:
    """Say at each field that both have changed what it is by now; sent once more, it counts."""
    current = TicketTypeForm.of(event, kind)
    for name in [name for name, was in seen.items() if getattr(kind, name) != was]:
        field = "price" if name == "price_minor" else name
        value = current[field]._value() if field != "hidden" else _yes_or_no(kind.hidden)
        told = _("Somebody else changed it meanwhile, to: %(value)s.", value=value or "–")
        form.refuse(field, f"{told} {_('Save again if yours is right.')}")
    form.show(kind, seen)


def _yes_or_no(value: bool) -> str:
    return str(_("yes") if value else _("no"))


def _to_list(event_id: int) -> Response:
    return go_to(url_for("admin_ticket_types.index", event_id=event_id))


def _table_or_list(event_id: int) -> Answer:
    if not is_htmx():
        return _to_list(event_id)
    event = events.get_event(event_id, drafts=True)
    return render_template("fragments/ticket_type_list.html", **_shown(event))


def _shown(event: Event) -> dict[str, Any]:
    """The event and its types with their states, as the table shows them."""
    left, at = event.seats_available, now()
    types = ticket_types.list_types(event.id)
    return {
        "event": event,
        "types": [(kind, kind.state(left, at).value, kind.left(left)) for kind in types],
    }


def _list_page(event: Event, form: TicketTypeForm, status: int = 200) -> Response:
    page = render_template(
        "pages/admin/ticket_types.html", type_form=form, most=MAX_TYPES, **_shown(event)
    )
    return make_response(page, status)


def _change_page(
    event: Event, kind: TicketType, form: TicketTypeForm, status: int = 200
) -> Response:
    page = render_template(
        "pages/admin/ticket_type.html",
        event=event,
        kind=kind,
        type_form=form,
        booked=ticket_types.is_booked(kind),
    )
    return make_response(page, status)
