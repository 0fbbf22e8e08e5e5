"""Login with an admin key or staff key, and logout."""

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.forms import LoginForm
from app.edge.current import settings
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import staff_key
from app.edge.session import ADMIN_TOKEN, current_admin, forget, remember_admin, safe_next
from app.errors import WrongCredentials
from app.models import Permission
from app.services import staff

blueprint = Blueprint("admin_login", __name__)


@blueprint.get("/login")
def show() -> Answer:
    form = LoginForm(formdata=None, next=request.args.get("next"))
    return render_template("pages/admin/login.html", form=form)


@blueprint.post("/login")
def create() -> Answer:
    form = LoginForm()
    if form.validate():
        try:
            with staff_key():
                remember_admin(_token_for(form.key.data or ""))
        except WrongCredentials:
            form.refuse("key", _("This is not an admin key."))
        else:
            return go_to(safe_next(form.next.data, _first_page()))
    return make_response(render_template("pages/admin/login.html", form=form), 422)


def _first_page() -> str:
    """Where a key leads: one for the door sees nothing else."""
    found = current_admin()
    sees = found is not None and found.may(Permission.SEE)
    return url_for("admin_dashboard.show" if sees else "door.index")


def _token_for(key: str) -> str:
    """Log in; returns the cookie's token, or raises `WrongCredentials`."""
    token = staff.log_in(key, settings().admin_key)
    if token is None:
        raise WrongCredentials
    return token


@blueprint.post("/logout")
def delete() -> Answer:
    forget(ADMIN_TOKEN)
    flash(_("You are logged out."), "done")
    return go_to(url_for("admin_login.show"))
