"""Named holds of an event: list, add, change, release."""

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.admin.hold_forms import HoldChangeForm, NamedHoldForm, ReleaseHoldForm
from app.edge.current import desk
from app.edge.forms import Form, sentence
from app.edge.htmx import Answer, go_to
from app.errors import HoldNotFound, InvalidField, VersionConflict
from app.services import holds

blueprint = staff_pages("admin_holds", __name__)


@blueprint.get("/events/<id:event_id>/holds")
def index(event_id: int) -> Answer:
    return _list_page(event_id, NamedHoldForm(formdata=None))


@blueprint.post("/events/<id:event_id>/holds")
def create(event_id: int) -> Answer:
    form = NamedHoldForm()
    if not form.validate():
        return _list_page(event_id, form, 422)
    try:
        hold = holds.add_hold(
            event_id, form.name.data, form.seats.data, desk(), from_held=form.from_held.data
        )
    except InvalidField as error:
        _refuse(form, error)
        return _list_page(event_id, form, 422)
    flash(_("Seats are held back for %(name)s.", name=hold.name), "done")
    return _to_list(event_id)


@blueprint.get("/events/<id:event_id>/holds/<id:hold_id>")
def edit(event_id: int, hold_id: int) -> Answer:
    hold = holds.get_hold(event_id, hold_id)
    seats = hold.seats_left
    form = HoldChangeForm(formdata=None, name=hold.name, seats=seats, seen=seats)
    return _change_page(event_id, hold_id, form)


@blueprint.post("/events/<id:event_id>/holds/<id:hold_id>")
def update(event_id: int, hold_id: int) -> Answer:
    form = HoldChangeForm()
    if not form.validate():
        return _change_page(event_id, hold_id, form, 422)
    facts = {"name": form.name.data, "seats": form.seats.data, "seen": form.seen.data}
    try:
        hold = holds.change_hold(event_id, hold_id, desk(), **facts)
    except InvalidField as error:
        _refuse(form, error)
        return _change_page(event_id, hold_id, form, 422)
    except VersionConflict:
        form.refuse("seats", _changed_meanwhile())
        return _change_page(event_id, hold_id, form, 409)
    flash(_("“%(name)s” is saved.", name=hold.name), "done")
    return _to_list(event_id)


@blueprint.post("/events/<id:event_id>/holds/<id:hold_id>/release")
def release(event_id: int, hold_id: int) -> Answer:
    form = ReleaseHoldForm()
    seen = form.seen.data if form.validate() else -1
    try:
        holds.release_hold(event_id, hold_id, desk(), seen=seen)
    except HoldNotFound:
        flash(_("The hold is released already."), "done")
    except VersionConflict:
        flash(_changed_meanwhile(), "error")
        return go_to(url_for("admin_holds.edit", event_id=event_id, hold_id=hold_id))
    else:
        flash(_("The hold is released; its seats are on sale."), "done")
    return _to_list(event_id)


def _changed_meanwhile() -> str:
    return str(_("Seats were held, issued or released meanwhile. Look again, then choose."))


def _refuse(form: Form, error: InvalidField) -> None:
    if error.field == "name" and error.message == "is another hold's already":
        form.refuse("name", _("Another hold of this event has this name already."))
    else:
        form.refuse(error.field, sentence(error.message))


def _to_list(event_id: int) -> Response:
    return go_to(url_for("admin_holds.index", event_id=event_id))


def _list_page(event_id: int, form: NamedHoldForm, status: int = 200) -> Response:
    held = holds.list_holds(event_id)
    page = render_template("pages/admin/holds.html", held=held, event=held.event, hold_form=form)
    return make_response(page, status)


def _change_page(event_id: int, hold_id: int, form: HoldChangeForm, status: int = 200) -> Response:
    held = holds.list_holds(event_id)
    hold = holds.get_hold(event_id, hold_id)
    form.seen.data = hold.seats_left
    page = render_template(
        "pages/admin/hold.html", held=held, event=held.event, hold=hold, hold_form=form
    )
    return make_response(page, status)
