"""Sign-up."""

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.edge.current import settings
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import letter_to, signing_up
from app.edge.session import remember_user, safe_next
from app.errors import EmailTaken, InvalidField
from app.models import LinkPurpose
from app.services import accounts, outbox, sign_in_links
from app.web.forms import SignUpForm
from app.web.sign_in_links import await_letter

blueprint = Blueprint("sign_up", __name__)


@blueprint.get("/sign-up")
def show() -> Answer:
    if not settings().offers_sign_up:
        return render_template("pages/sign_up_closed.html")
    form = SignUpForm(formdata=None, next=request.args.get("next"))
    if outbox.is_configured():
        del form.password
    return render_template("pages/sign_up.html", form=form)


@blueprint.post("/sign-up")
def create() -> Answer:
    if not settings().offers_sign_up:
        # Before the email is looked at: the answer is the same for each.
        return make_response(render_template("pages/sign_up_closed.html"), 403)
    form = SignUpForm()
    if outbox.is_configured():
        return _send_letter(form)
    if form.validate():
        try:
            with signing_up():
                user = accounts.create_user(form.email.data, form.name.data, form.password.data)
        except EmailTaken:
            form.refuse("email", _taken(url_for("sign_in.show", next=form.next.data or None)))
        except InvalidField as error:
            form.refuse(error.field, error.message)
        else:
            remember_user(user)
            return go_to(safe_next(form.next.data, url_for("events.index")))
    return make_response(render_template("pages/sign_up.html", form=form), 422)


def _send_letter(form: SignUpForm) -> Answer:
    """Answer the same whether the address has an account; the letter tells its owner."""
    del form.password
    if not form.validate():
        return make_response(render_template("pages/sign_up.html", form=form), 422)
    letter_to(form.email.data)
    browser = sign_in_links.request_by_mail(
        form.email.data, LinkPurpose.SIGN_UP, name=form.name.data
    )
    return await_letter(browser, form.email.data, form.next.data)


def _taken(sign_in: str) -> Markup:
    sentence = escape(_("There is an account with this email."))
    return Markup('{} <a href="{}">{}</a>').format(sentence, sign_in, _("Sign in instead?"))
