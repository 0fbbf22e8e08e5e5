"""Accounts: signing up, proving who one is, passwords."""

import logging
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from app.aside import Single, TooLate
from app.db import db, transaction
from app.errors import Busy, EmailTaken, InvalidField, UserNotFound, WrongCredentials
from app.models import User
from app.services import sign_ins

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
MIN_PASSWORD = 8
MAX_PASSWORD = 200
"""Characters: OWASP ASVS 5.0, 6.2.1 and 6.2.9 (at least 8, at least 64 permitted)."""

_hasher = PasswordHasher()
_hashing = Single(patience=3)
"""A hash takes a tenth of a second or more: who waited for many others is told to come again."""


@cache
def _nobody() -> str:
    """Somebody unknown costs the same time as a wrong password."""
    return _aside(_hasher.hash, "nobody has this password")


def create_user(email: str, name: str = "", password: str | None = None) -> User:
    """Raises `EmailTaken`, `Busy`, `InvalidField` for a password that breaks the rules."""
    user = User(
        email=normalise_email(email),
        name=name.strip(),
        password_hash=hash_password(password) if password is not None else None,
    )
    try:
        with transaction() as session:
            session.add(user)
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email":
            raise EmailTaken from None
        raise
    return user


def authenticate(email: str, password: str) -> User:
    """The user with this email and password; raises `WrongCredentials`, `Busy`."""
    user = find_user(email)
    # Whoever waits for their turn at the hash keeps no connection meanwhile.
    db.session.commit()
    known = user.password_hash if user and user.password_hash else _nobody()
    if not _fits(password, known) or user is None or user.password_hash is None:
        log.warning("A password was refused", extra={"user_id": user.id if user else None})
        raise WrongCredentials
    return user


def _fits(password: str, hashed: str) -> bool:
    try:
        return _aside(_hasher.verify, hashed, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def confirm_password(user_id: int, password: str) -> None:
    """Raises `WrongCredentials` unless it is that user's password."""
    authenticate(get_user(user_id).email, password)


def set_password(email: str, password: str) -> User:
    """Set the user's password, and sign them out everywhere: whoever knew the old one as well.

    Raises `UserNotFound`, `InvalidField`.
    """
    hashed = hash_password(password)
    with transaction() as session:
        # Locked, so that somebody who leaves in this moment stays without one.
        user = session.scalars(_by_email(email).with_for_update(key_share=True)).one_or_none()
        if user is None:
            raise UserNotFound(email)
        user.password_hash = hashed
    sign_ins.end_all_of(user.id)
    return user


def find_user(email: str) -> User | None:
    return db.session.scalars(_by_email(email)).one_or_none()


def get_user(user_id: int) -> User:
    """Raises `UserNotFound`, for one who left as well."""
    user = db.session.get(User, user_id)
    if user is None or user.deleted_at:
        raise UserNotFound(user_id)
    return user


def normalise_email(email: str) -> str:
    return email.strip().lower()


def _by_email(email: str) -> Select[User]:
    return select(User).where(func.lower(User.email) == normalise_email(email))


def hash_password(password: str) -> str:
    """Raises `InvalidField` for a password that breaks the rules."""
    if len(password) < MIN_PASSWORD:
        raise InvalidField("password", f"must have at least {MIN_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise InvalidField("password", f"must have at most {MAX_PASSWORD} characters")
    if "\x00" in password:
        raise InvalidField("password", "must not hold a NUL character")
    return _aside(_hasher.hash, password)


def _aside(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """A hash takes every core for a while: bookings go on meanwhile. Raises `Busy`."""
    try:
        return _hashing.do(work, *args, **kwargs)
    except TooLate:
        raise Busy from None


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that was broken."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)
