"""The visitor's account: who they are, and their API tokens."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from app.edge.htmx import Answer, go_to
from app.edge.visitor import signed_in_user, user_required
from app.services import api_tokens
from app.web.forms import ApiTokenForm

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@user_required
def show() -> Answer:
    return _page(ApiTokenForm(formdata=None))


@blueprint.get("/account/api-tokens")
def find_api_tokens() -> Answer:
    return go_to(url_for("account.show"))


@blueprint.post("/account/api-tokens")
@user_required
def create_api_token() -> Answer:
    form = ApiTokenForm()
    if not form.validate():
        return _page(form, status=422)
    _token, secret = api_tokens.create_api_token(signed_in_user().id, form.name.data)
    # Shown now or never: a redirect would have to keep the secret somewhere.
    return _page(ApiTokenForm(formdata=None), secret=secret, status=201)


@blueprint.post("/account/api-tokens/<id:token_id>/revocation")
@user_required
def revoke_api_token(token_id: int) -> Answer:
    api_tokens.revoke_api_token(signed_in_user().id, token_id)
    flash(_("The token is revoked."), "done")
    return go_to(url_for("account.show"))


def _page(form: ApiTokenForm, *, secret: str | None = None, status: int = 200) -> Response:
    tokens = api_tokens.list_api_tokens(signed_in_user().id)
    page = render_template("pages/account.html", form=form, tokens=tokens, secret=secret)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
