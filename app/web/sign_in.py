"""Sign-in with email and password, and sign-out."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import password_of
from app.edge.session import USER_TOKEN, forget, remember_user, safe_next
from app.errors import WrongCredentials
from app.services import accounts
from app.web.forms import SignInForm

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def show() -> Answer:
    form = SignInForm(formdata=None, next=request.args.get("next"))
    return render_template("pages/sign_in.html", form=form)


@blueprint.post("/sign-in")
def create() -> Answer:
    form = SignInForm()
    if not form.validate():
        return _form_page(form, 422)
    try:
        with password_of(form.email.data):
            user = accounts.authenticate(form.email.data, form.password.data)
    except WrongCredentials:
        # The same message for an unknown email and a wrong password.
        form.refuse("email", _("The email or the password is wrong."))
        return _form_page(form, 422)
    remember_user(user)
    return go_to(safe_next(form.next.data, url_for("events.index")))


@blueprint.post("/sign-out")
def delete() -> Answer:
    forget(USER_TOKEN)
    flash(_("You are signed out."), "done")
    return go_to(url_for("events.index"))


def _form_page(form: SignInForm, status: int) -> Response:
    return make_response(render_template("pages/sign_in.html", form=form), status)
