"""Users: sign-up, and the list for organisers."""

from flask import Response

from app.api.body import api_blueprint
from app.api.callers import caller
from app.api.present import json_response, listed_user_out, page_response
from app.api.schemas import LetterOut, UserIn, UserOut, UsersOut, UsersQuery
from app.api.spec import KEY, answers, valid
from app.edge.current import settings
from app.edge.rate_limits import letter_to, signing_up
from app.errors import InvalidField, SignUpClosed
from app.models import LinkPurpose
from app.services import accounts, audit, outbox, sign_in_links, users

blueprint = api_blueprint("users", __name__)


@blueprint.post("/users")
@valid(
    answers(400, 401, 409, 413, 415, HTTP_201=UserOut, HTTP_202=LetterOut),
    body=UserIn,
    tags=["Users"],
    security=[{}, {KEY: []}],
    operation_id="createUser",
)
def create_user(body: UserIn) -> Response:
    """Sign up

    Under a staff key, the user is made at once; without a password, they set one later.

    Without a key, on a site that sends mail, no password is taken: a letter to the email has a link
    that makes the account, and the answer is 202 whether there is one already. A site that sends
    none answers 403 for every email: its organisers make the accounts. With `SIGN_UP=open` such a
    site makes the user at once, with a password, and tells by a 409 that an email has an account.

    `API_ACCESS=open`, for a demo and trusted programs on the same machine, does as a staff key, and
    tells which emails have an account.
    """
    if caller().anybody:
        return _made(body)
    if outbox.is_configured():
        return _letter_sent(body)
    if not settings().offers_sign_up:
        raise SignUpClosed
    if body.password is None:
        raise InvalidField("password", "is required")
    with signing_up():
        return _made(body)


def _made(body: UserIn) -> Response:
    user = accounts.create_user(body.email, body.name, body.password)
    return json_response(UserOut.model_validate(user), 201)


def _letter_sent(body: UserIn) -> Response:
    """Answer the same whether the email has an account; the letter tells its owner."""
    if body.password is not None:
        raise InvalidField("password", "must be left out: a letter proves the email first")
    letter_to(body.email)
    sign_in_links.request_by_mail(body.email, LinkPurpose.SIGN_UP, name=body.name)
    return json_response(LetterOut(letter_to=body.email), 202)


@blueprint.get("/admin/users")
@valid(
    answers(401, HTTP_200=UsersOut),
    query=UsersQuery,
    tags=["Admin"],
    security=[{KEY: []}],
    operation_id="listUsers",
)
def list_users(query: UsersQuery) -> Response:
    """List users"""
    page = users.list_users(q=query.q, limit=query.limit, after=query.after)
    if page.items:
        audit.note_export("API", len(page.items))
    return page_response(UsersOut([listed_user_out(user) for user in page.items]), page)
