"""Staff keys: owners create and revoke them; each holder may log out everywhere."""

from typing import Any

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from app.admin.forms import StaffKeyForm, StaffSignOutsForm
from app.admin.guard import staff_pages
from app.edge.current import settings
from app.edge.htmx import Answer, go_to
from app.edge.session import ADMIN_TOKEN, current_admin, forget
from app.errors import InvalidField
from app.models import Role
from app.models.columns import now
from app.presenters.qr_codes import drawing
from app.services import sign_ins, staff

blueprint = staff_pages("admin_keys", __name__)

own = staff_pages("admin_own_key", __name__)
"""What all staff may do with their own key."""


@blueprint.get("/keys")
def index() -> Answer:
    return _page(_form(formdata=None))


@blueprint.post("/keys")
def create() -> Answer:
    form = _form()
    if not form.validate():
        return _page(form, status=422)
    try:
        limits = form.limits(settings().zone)
        key, secret = staff.create_key(form.name.data, Role(form.role.data), **limits)
    except (InvalidField, ValueError, OverflowError) as error:
        _refuse(form, error)
        return _page(form, status=422)
    code = _door_code(secret) if key.role == Role.DOOR else None
    made = {"secret": secret, "name": key.name, "code": code}
    return _page(_form(formdata=None), status=201, **made)


def _door_code(secret: str) -> Markup:
    """A code that opens the door's page on the phone that scans it.

    The key stands behind the #, so that it gets into no log on its way.
    """
    address = url_for("admin_login.show", next=url_for("door.index"), _external=True)
    return drawing(f"{address}#key={secret}")


@blueprint.post("/keys/<id:key_id>/revocation")
def revoke(key_id: int) -> Answer:
    key = staff.revoke_key(key_id)
    flash(_("The key of %(name)s opens nothing any more.", name=key.name), "done")
    return go_to(url_for("admin_keys.index"))


@own.post("/sign-outs")
def log_out_everywhere() -> Answer:
    form = StaffSignOutsForm()
    message = _("You are logged out, here and everywhere else.")
    if found := current_admin():
        ended = staff.revoke_own_key(found) if form.end_key.data else None
        sign_ins.end_all_of_key(found.key_digest)
        message = f"{message} {_what_of_the_key(found.name, ended=ended is not None)}"
    forget(ADMIN_TOKEN)
    flash(message, "done")
    return go_to(url_for("admin_login.show"))


def _what_of_the_key(name: str, *, ended: bool) -> str:
    if ended:
        return str(_("The key of %(name)s opens nothing any more.", name=name))
    if name == staff.OPERATOR:
        return str(_("ADMIN_KEY itself is still valid, here and in the API."))
    return str(_("The key of %(name)s is still valid, here and in the API.", name=name))


def _form(**facts: Any) -> StaffKeyForm:
    return StaffKeyForm(staff.events_to_choose(), **facts)


def _refuse(form: StaffKeyForm, error: Exception) -> None:
    field = error.field if isinstance(error, InvalidField) else "expires_at"
    if field == "event_ids" and form.role.data == Role.DOOR:
        form.refuse(field, _("Choose the events whose door this key opens."))
    elif field == "expires_at" and form.role.data == Role.DOOR and not form.last_day.data:
        form.refuse("last_day", _("Say until which day this key opens the door."))
    elif field == "event_ids":
        form.refuse(field, _("An owner can't be limited to events: who makes keys opens all."))
    elif field == "expires_at":
        form.refuse("last_day", _("Choose a day from today on."))
    else:
        form.refuse("name", _("Another key has this name already."))


def _page(form: StaffKeyForm, *, status: int = 200, **made: str | None) -> Response:
    keys = staff.list_keys()
    names = staff.names_of_events(key.event_ids for key in keys)
    page = render_template(
        "pages/admin/keys.html", form=form, keys=keys, made=made, event_names=names, now=now()
    )
    return make_response(page, status)
