"""Signing in by a letter: asking for it, its code, and its link; also to set a password."""

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from app.edge.headers import never_passed_on
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import code_tried, letter_to
from app.edge.session import current_user, remember_user, safe_next
from app.errors import EmailTaken, InvalidField, LinkNotFound, WrongCredentials
from app.models import LinkPurpose
from app.services import outbox, sign_in_links
from app.services.sign_in_links import Opened
from app.web.forms import CodeForm, LetterForm, LinkForm, NewPasswordForm

blueprint = Blueprint("sign_in_links", __name__)
blueprint.after_request(never_passed_on)

AWAITED = "letter"
"""The session key of the letter that the browser awaits: its secret, the address, the way back."""


@blueprint.get("/sign-in/mail")
def ask() -> Answer:
    user = current_user()
    form = LetterForm(
        formdata=None,
        email=user.email if user else None,
        purpose=request.args.get("for"),
        next=request.args.get("next"),
    )
    return _letter_page(form)


@blueprint.post("/sign-in/mail")
def send() -> Answer:
    form = LetterForm()
    if not outbox.is_configured():
        return _letter_page(form, 409)
    if not form.validate():
        return _letter_page(form, 422)
    letter_to(form.email.data)
    browser = sign_in_links.request_by_mail(form.email.data, form.wanted)
    return await_letter(browser, form.email.data, form.next.data)


@blueprint.get("/sign-in/code")
def ask_code() -> Answer:
    if AWAITED not in session:
        return go_to(url_for("sign_in_links.ask"))
    return _code_page(CodeForm(formdata=None))


@blueprint.post("/sign-in/code")
def try_code() -> Answer:
    form = CodeForm()
    awaited = session.get(AWAITED)
    if not awaited:
        return go_to(url_for("sign_in_links.ask"))
    if not form.validate():
        return _code_page(form, 422)
    code_tried()
    try:
        opened = sign_in_links.open_with_code(awaited["browser"], form.code.data)
    except WrongCredentials:
        form.refuse("code", _("This is not the code of the last letter. Look again."))
        return _code_page(form, 422)
    except (LinkNotFound, EmailTaken):
        session.pop(AWAITED)
        flash(_("This code is not valid any more. Ask for another letter."), "error")
        return go_to(url_for("sign_in_links.ask"))
    if isinstance(opened, str):
        return go_to(url_for("sign_in_links.show", secret=opened))
    return _welcome(opened)


@blueprint.get("/sign-in/links/<secret>")
def show(secret: str) -> Answer:
    """Ask for a click: whoever only looks at the address uses nothing up."""
    link = sign_in_links.find(secret)
    if not sign_in_links.is_for(link, _user_id()):
        return _sign_in_first()
    form = _form_of(link.purpose)(formdata=None)
    return render_template("pages/sign_in_link.html", form=form, link=link)


@blueprint.post("/sign-in/links/<secret>")
def open_link(secret: str) -> Answer:
    link = sign_in_links.find(secret)
    if not sign_in_links.is_for(link, _user_id()):
        return _sign_in_first()
    form = _form_of(link.purpose)()
    if form.validate():
        try:
            password = form.password.data if "password" in form else None
            opened = sign_in_links.open_link(secret, password, by_user=_user_id())
            return _welcome(opened)
        except InvalidField as error:
            form.refuse(error.field, error.message)
    page = render_template("pages/sign_in_link.html", form=form, link=link)
    return make_response(page, 422)


def _user_id() -> int | None:
    user = current_user()
    return user.id if user else None


def _sign_in_first() -> Answer:
    """Without the link's address as the way back: a secret does not belong in a query."""
    flash(_("Sign in to the account whose email changes, then open the link again."), "error")
    return go_to(url_for("sign_in.show"))


def await_letter(browser: str, email: str, way_back: str | None) -> Answer:
    """Remember the letter that was sent, and ask for its code."""
    session[AWAITED] = {"browser": browser, "email": email, "next": way_back or ""}
    return go_to(url_for("sign_in_links.ask_code"))


def _welcome(opened: Opened) -> Answer:
    """Sign in whom a letter has proven, and lead them where they were going."""
    way_back = (session.get(AWAITED) or {}).get("next")
    remember_user(opened.user)
    said = {
        LinkPurpose.PASSWORD: _("Your password is saved. All other browsers are signed out."),
        LinkPurpose.EMAIL: _("Your email is saved. Sign in with it from now on."),
    }.get(opened.purpose, _("You are signed in."))
    flash(said, "done")
    return go_to(safe_next(way_back, url_for("my_bookings.index")))


def _form_of(purpose: str) -> type[LinkForm]:
    return NewPasswordForm if purpose == LinkPurpose.PASSWORD else LinkForm


def _letter_page(form: LetterForm, status: int = 200) -> Response:
    page = render_template("pages/sign_in_mail.html", form=form, sends_mail=outbox.is_configured())
    return make_response(page, status)


def _code_page(form: CodeForm, status: int = 200) -> Response:
    page = render_template("pages/sign_in_code.html", form=form, email=session[AWAITED]["email"])
    return make_response(page, status)
