"""The visitor's account: name, email, password, data export and deletion."""

import json

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.edge.current import desk, settings
from app.edge.forms import Form
from app.edge.headers import never_stored
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import letter_to, password_of
from app.edge.session import USER_TOKEN, forget, sign_in_token, signed_in_user
from app.errors import EmailTaken, InvalidField, RefundChanged, WrongCredentials
from app.services import (
    account_deletion,
    accounts,
    api_tokens,
    outbox,
    profile,
    sign_in_links,
    sign_ins,
)
from app.web.forms import (
    ApiTokenForm,
    EmailForm,
    LeaveForm,
    NameForm,
    PasswordForm,
    SignOutsForm,
)

blueprint = Blueprint("account", __name__)
blueprint.after_request(never_stored)


@blueprint.get("/account")
def show() -> Answer:
    return account_page()


@blueprint.post("/account/name")
def rename() -> Answer:
    form = NameForm(prefix="name-")
    if not form.validate():
        return account_page(name=form)
    profile.rename(signed_in_user().id, form.name.data)
    return _done(_("Your name is saved."))


@blueprint.post("/account/email")
def change_email() -> Answer:
    if not settings().offers_sign_up:
        # Before the email is looked at: the answer is the same for each.
        page = account_page()
        page.status_code = 403
        return page
    form = EmailForm(prefix="email-")
    if form.validate():
        user = signed_in_user()
        try:
            with password_of(user.email):
                if outbox.is_configured():
                    accounts.confirm_password(user.id, form.password.data)
                else:
                    profile.change_email(user.id, form.email.data, form.password.data)
        except EmailTaken:
            form.refuse("email", _("There is an account with this email already."))
        except WrongCredentials:
            form.refuse("password", _("The password is wrong."))
        else:
            if outbox.is_configured():
                letter_to(form.email.data)
                sign_in_links.request_email_change(user.id, form.email.data)
                return _done(_("A letter is on its way to the new address: open its link."))
            message = _("Your email is saved. Sign in with it from now on.")
            return _done(_with_tokens(f"{message} {_other_browsers()}".strip(), user.id))
    return account_page(email=form)


@blueprint.post("/account/password")
def change_password() -> Answer:
    form = PasswordForm(prefix="password-")
    if form.validate():
        user, token = signed_in_user(), sign_in_token()
        try:
            with password_of(user.email):
                ended = profile.change_password(
                    user.id,
                    form.current.data,
                    form.password.data,
                    keep=token,
                    end_tokens=form.end_tokens.data,
                )
        except WrongCredentials:
            form.refuse("current", _("The password is wrong."))
        except InvalidField as error:
            form.refuse(error.field, error.message)
        else:
            message = _("Your password is saved. All other browsers are signed out.")
            return _done(_with_tokens(message, user.id, ended))
    return account_page(password=form)


@blueprint.post("/account/sign-outs")
def sign_out_everywhere() -> Answer:
    form = SignOutsForm(prefix="outs-")
    user_id = signed_in_user().id
    ended = profile.sign_out_everywhere(user_id, end_tokens=form.end_tokens.data)
    message = _with_tokens(_("You are signed out, here and everywhere else."), user_id, ended)
    forget(USER_TOKEN)
    flash(message, "done")
    return go_to(url_for("events.index"))


@blueprint.get("/account/data.json")
def export() -> Answer:
    data = json.dumps(profile.export(signed_in_user().id), indent=2, ensure_ascii=False)
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="utsavam-data.json"'
    return response


@blueprint.get("/account/deletion")
def confirm_deletion() -> Answer:
    return _deletion_page(LeaveForm(formdata=None), 200)


@blueprint.post("/account/deletion")
def delete() -> Answer:
    form = LeaveForm()
    if form.validate():
        user = signed_in_user()
        try:
            with password_of(user.email):
                cancelled = account_deletion.delete_account(
                    user.id, form.password.data, desk(), seen_refunds=form.seen_refunds
                )
        except RefundChanged:
            form.refuse("password", _("Less money comes back by now: please look again."))
        except WrongCredentials:
            form.refuse("password", _("The password is wrong."))
        else:
            return _after_deletion(cancelled)
    return _deletion_page(form, 422)


def account_page(*, secret: str | None = None, **used: Form) -> Response:
    """Render the page; `used` holds submitted forms with errors, the other forms are fresh.

    `secret` is a new API token, which is shown once.
    """
    user = signed_in_user()
    forms: dict[str, Form] = {
        "name": NameForm(formdata=None, prefix="name-", name=user.name),
        "email": EmailForm(formdata=None, prefix="email-"),
        "password": PasswordForm(formdata=None, prefix="password-"),
        "token": ApiTokenForm(formdata=None, prefix="token-"),
        "outs": SignOutsForm(formdata=None, prefix="outs-"),
    }
    page = render_template(
        "pages/account.html",
        forms={**forms, **used},
        sign_ins=sign_ins.list_of(user.id),
        tokens=api_tokens.list_api_tokens(user.id),
        secret=secret,
    )
    status = 422 if used else 201 if secret else 200
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _deletion_page(form: LeaveForm, status: int) -> Response:
    user_id = signed_in_user().id
    back = account_deletion.what_comes_back(user_id)
    form.shown_refund.data = " ".join(f"{code} {one.refund_minor}" for code, one in back.items())
    count = account_deletion.count_cancellable(user_id)
    page = render_template("pages/leave.html", form=form, cancelled=count, comes_back=back)
    return make_response(page, status)


def _with_tokens(message: str, user_id: int, ended: int = 0) -> str:
    """Add to a message which API tokens are ended and which are not; the rest is on the page."""
    if ended:
        also = ngettext("%(num)d API token is ended.", "%(num)d API tokens are ended.", ended)
        message = f"{message} {also}"
    if tokens := api_tokens.list_api_tokens(user_id):
        # Few, because the message travels in the cookie.
        names = ", ".join([token.name for token in tokens[:3]] + ["…"] * (len(tokens) > 3))
        left = ngettext(
            "%(num)d API token still books as you: %(names)s. Revoke it on your account page.",
            "%(num)d API tokens still book as you: %(names)s. Revoke them on your account page.",
            len(tokens),
            names=names,
        )
        message = f"{message} {left}"
    return message


def _other_browsers() -> str:
    """A new email ends nothing: say which browsers stay signed in."""
    others = len(sign_ins.list_of(signed_in_user().id)) - 1
    if others < 1:
        return ""
    return str(
        ngettext(
            "%(num)d other browser stays signed in.",
            "%(num)d other browsers stay signed in.",
            others,
        )
    )


def _done(message: str) -> Answer:
    flash(message, "done")
    return go_to(url_for("account.show"))


def _after_deletion(cancelled: int) -> Answer:
    forget(USER_TOKEN)
    message = _("Your account is deleted.")
    if cancelled:
        also = ngettext(
            "%(num)d booking is cancelled.", "%(num)d bookings are cancelled.", cancelled
        )
        message = f"{message} {also}"
    flash(message, "done")
    return go_to(url_for("events.index"))
