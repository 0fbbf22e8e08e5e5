"""API tokens: created and revoked by their user, checked by the API."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.errors import ApiTokenNotFound
from app.models import ApiToken, User
from app.models.columns import now
from app.services.last_used import record_use
from app.services.secrets import TOKEN_PREFIX, digest, new_secret


def create_api_token(user_id: int, name: str) -> tuple[ApiToken, str]:
    """Create a token; returns its record and its secret, of which only a digest is stored."""
    secret = TOKEN_PREFIX + new_secret()
    token = ApiToken(
        user_id=user_id,
        name=name.strip() or "API token",
        token_digest=digest(secret),
        last_four=secret[-4:],
    )
    with transaction() as session:
        session.add(token)
    return token, secret


def list_api_tokens(user_id: int) -> Sequence[ApiToken]:
    """The user's tokens that are not revoked, newest first."""
    query = (
        select(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )
    return db.session.scalars(query).all()


def revoke_api_token(user_id: int, token_id: int) -> None:
    """Revoke the token. Raises `ApiTokenNotFound`, also for another user's token."""
    with transaction() as session:
        token = session.get(ApiToken, token_id)
        if token is None or token.user_id != user_id:
            raise ApiTokenNotFound(token_id)
        token.revoked_at = token.revoked_at or now()


def end_all_of(session: Session, user_id: int) -> int:
    """Revoke all of a user's tokens in the caller's transaction; returns how many."""
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(ApiToken.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def user_id_of(secret: str) -> int | None:
    """The id of the token's user, or None if it is unknown or revoked.

    Records the time of use, at most once a minute.
    """
    if not secret.startswith(TOKEN_PREFIX):
        return None
    query = (
        select(ApiToken)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.token_digest == digest(secret), ApiToken.revoked_at.is_(None))
        # It may have been created while its user's account was being deleted.
        .where(User.deleted_at.is_(None))
    )
    token = db.session.scalars(query).one_or_none()
    if token is None:
        return None
    record_use(token)
    return token.user_id
