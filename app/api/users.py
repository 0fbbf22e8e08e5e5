"""Users: sign-up, and the list for organisers."""

from contextlib import nullcontext

from flask import Response

from app.api.body import api_blueprint
from app.api.callers import caller
from app.api.present import json_response, listed_user_out, page_response
from app.api.schemas import UserIn, UserOut, UsersOut, UsersQuery
from app.api.spec import KEY, answers, valid
from app.edge.rate_limits import signing_up
from app.errors import InvalidField
from app.services import accounts, audit, users

blueprint = api_blueprint("users", __name__)


@blueprint.post("/users")
@valid(
    answers(400, 401, 409, 413, 415, HTTP_201=UserOut),
    body=UserIn,
    tags=["Users"],
    security=[{}, {KEY: []}],
    operation_id="createUser",
)
def create_user(body: UserIn) -> Response:
    """Sign up

    Without a password only under the admin key; such a user sets one later.
    """
    if not caller().anybody and body.password is None:
        raise InvalidField("password", "is required")
    with nullcontext() if caller().anybody else signing_up():
        user = accounts.create_user(body.email, body.name, body.password)
    return json_response(UserOut.model_validate(user), 201)


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
