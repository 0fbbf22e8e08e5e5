"""The visitor's API tokens, on the account page."""

from flask import Blueprint, flash, url_for
from flask_babel import gettext as _

from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import password_of
from app.edge.session import signed_in_user
from app.errors import WrongCredentials
from app.services import api_tokens, profile
from app.web.account import account_page
from app.web.forms import ApiTokenForm

blueprint = Blueprint("api_tokens", __name__)


@blueprint.get("/account/api-tokens")
def find() -> Answer:
    return go_to(url_for("account.show"))


@blueprint.post("/account/api-tokens")
def create() -> Answer:
    form = ApiTokenForm(prefix="token-")
    if form.validate():
        user = signed_in_user()
        try:
            with password_of(user.email):
                secret = profile.make_api_token(user.id, form.name.data, form.password.data)
        except WrongCredentials:
            form.refuse("password", _("The password is wrong."))
        else:
            # Shown in this response only: a redirect would have to store the secret.
            return account_page(secret=secret)
    return account_page(token=form)


@blueprint.post("/account/api-tokens/<id:token_id>/revocation")
def revoke(token_id: int) -> Answer:
    api_tokens.revoke_api_token(signed_in_user().id, token_id)
    flash(_("The token is revoked."), "done")
    return go_to(url_for("account.show"))
