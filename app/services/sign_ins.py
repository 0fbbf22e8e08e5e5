"""Sign-ins of browsers: server-side sessions of users and staff."""

import logging
from collections.abc import Hashable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from app.db import db, transaction
from app.models import SignIn, SignInLink, User
from app.models.columns import now
from app.services import lookups
from app.services.lookups import Ask
from app.services.secrets import digest, new_secret

log = logging.getLogger(__name__)

USER_SIGN_IN = timedelta(days=30)
ADMIN_SIGN_IN = timedelta(hours=8)


def begin_for_user(user: User) -> str:
    """Start a user's sign-in; returns the token for the browser's cookie."""
    log.info("A user signed in", extra={"user_id": user.id})
    return _begin(SignIn(user_id=user.id, expires_at=now() + USER_SIGN_IN))


def begin_for_staff(key_digest: str) -> str:
    """Start a sign-in with this staff key; returns the token for the browser's cookie."""
    return _begin(SignIn(admin_key_digest=key_digest, expires_at=now() + ADMIN_SIGN_IN))


def user_of(token: str) -> User | None:
    """The token's user, or None."""
    return lookups.signed_in_user(digest(token))


def user_and(token: str, question: Ask, *facts: Hashable) -> tuple[User | None, Any]:
    """The token's user, or None, and the answer to a question about them, asked together (see
    `lookups.signed_in_user_and`)."""
    return lookups.signed_in_user_and(digest(token), question, *facts)


def staff_key_of(token: str) -> str | None:
    """The digest of the staff key that the sign-in was started with, if any."""
    sign_in = _find(token)
    return sign_in.admin_key_digest if sign_in else None


def end(token: str) -> None:
    """End the sign-in on the server, so that a copied cookie is worthless."""
    with transaction() as session:
        session.execute(
            delete(SignIn)
            .where(SignIn.token_digest == digest(token))
            .execution_options(synchronize_session=False)
        )


def list_of(user_id: int) -> Sequence[SignIn]:
    """The user's sign-ins that have not expired, newest first."""
    query = select(SignIn).where(SignIn.user_id == user_id, SignIn.expires_at > now())
    return db.session.scalars(query.order_by(SignIn.id.desc())).all()


def end_all_of(user_id: int, *, keep: str | None = None) -> None:
    """End the user's sign-ins in all browsers, except the one whose token is `keep`, and the links
    by which new ones could begin."""
    with transaction() as session:
        session.execute(
            delete(SignInLink)
            .where(SignInLink.user_id == user_id)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            delete(SignIn)
            .where(SignIn.user_id == user_id, SignIn.token_digest != digest(keep or ""))
            .execution_options(synchronize_session=False)
        )


def end_all_of_key(key_digest: str) -> None:
    """End all sign-ins that were started with this staff key."""
    with transaction() as session:
        session.execute(
            delete(SignIn)
            .where(SignIn.admin_key_digest == key_digest)
            .execution_options(synchronize_session=False)
        )


def _begin(sign_in: SignIn) -> str:
    token = new_secret()
    sign_in.token_digest = digest(token)
    over = select(SignIn.id).where(SignIn.expires_at < now()).with_for_update(skip_locked=True)
    with transaction() as session:
        # Inserted first, as its foreign key waits for the user's row: deleting an account locks
        # that row before the sign-ins.
        session.add(sign_in)
        session.flush()
        # Expired rows are deleted by the rare writer, so that no scheduler is needed.
        session.execute(
            delete(SignIn).where(SignIn.id.in_(over)).execution_options(synchronize_session=False)
        )
    return token


def _find(token: str) -> SignIn | None:
    query = select(SignIn).where(SignIn.token_digest == digest(token), SignIn.expires_at > now())
    return db.session.scalars(query).one_or_none()
