"""Logging in with the admin key, and out."""

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.forms import LoginForm
from app.edge.current import settings
from app.edge.htmx import Answer, go_to
from app.edge.limits import failures_limited
from app.edge.visitor import ADMIN_TOKEN, forget, remember_admin, safe_next
from app.services import staff

blueprint = Blueprint("admin_login", __name__)


@blueprint.get("/login")
def show() -> Answer:
    form = LoginForm(formdata=None, next=request.args.get("next"))
    return render_template("pages/admin/login.html", form=form)


@blueprint.post("/login")
@failures_limited
def create() -> Answer:
    form = LoginForm()
    token = staff.log_in(form.key.data, settings().admin_key) if form.validate() else None
    if token:
        remember_admin(token)
        return go_to(safe_next(form.next.data, url_for("admin_dashboard.show")))
    form.refuse("key", _("This is not an admin key."))
    return make_response(render_template("pages/admin/login.html", form=form), 422)


@blueprint.post("/logout")
def delete() -> Answer:
    forget(ADMIN_TOKEN)
    flash(_("You are logged out."), "done")
    return go_to(url_for("admin_login.show"))
