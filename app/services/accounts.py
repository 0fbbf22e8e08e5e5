"""Accounts: signing up, proving who one is, passwords."""

import logging
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError

from app.db import db, transaction
from app.errors import (
    Busy,
    EmailTaken,
    InvalidField,
    TooManyRequests,
    UserNotFound,
    WrongCredentials,
)
from app.lib.fair_queue import FairQueue, QueueFull, WaitedTooLong
from app.models import User
from app.services import api_tokens, sign_ins

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
MIN_PASSWORD = 8
MAX_PASSWORD = 200
"""Characters: OWASP ASVS 5.0, 6.2.1 and 6.2.9 (at least 8, at least 64 permitted)."""

# OWASP's least (Password Storage Cheat Sheet: 19 MiB, two passes, one lane) and one pass more. More
# lanes would be as many threads: one hash would take all processors from the bookings.
_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
_hashing = FairQueue(each=16, timeout=6)
"""Of one address so many passwords may wait in a process, as of a hall whose doors have opened."""
_FULL_FOR = 2
"""Seconds that as many hashes take at most, on two cores."""


@cache
def _nobody() -> str:
    """Somebody unknown costs the same time as a wrong password."""
    return _aside(_hasher.hash, "nobody has this password")


def share_core(processes: int) -> None:
    """Tell how many processes hash passwords: together they take one core's time at most."""
    _hashing.share = 1 / processes


def create_user(email: str, name: str = "", password: str | None = None) -> User:
    """Raises `EmailTaken`, `InvalidField` for a password that breaks the rules, and as
    `hash_password`."""
    if password is not None:
        _check_rules(password)
        # Found out before the hash, which is what costs; the index has the last word.
        if find_user(email):
            raise EmailTaken
        db.session.commit()
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
    """The user with this email and password; raises `WrongCredentials`, and as `hash_password`."""
    user = find_user(email)
    # Whoever waits for their turn at the hash keeps no connection meanwhile.
    db.session.commit()
    known = user.password_hash if user and user.password_hash else _nobody()
    fits, renewed = _aside(_examine, known, password[:MAX_PASSWORD])
    if not fits or user is None or user.password_hash is None:
        log.warning("A password was refused", extra={"user_id": user.id if user else None})
        raise WrongCredentials
    if renewed:
        _renew(user, known, renewed)
    return user


def _examine(hashed: str, password: str) -> tuple[bool, str | None]:
    """Whether the password fits, and then its hash by today's parameters, if those are others."""
    try:
        _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False, None
    return True, _hasher.hash(password) if _hasher.check_needs_rehash(hashed) else None


def _renew(user: User, known: str, renewed: str) -> None:
    with transaction() as session:
        session.execute(
            update(User)
            # Unless it was changed meanwhile.
            .where(User.id == user.id, User.password_hash == known)
            .values(password_hash=renewed)
        )


def confirm_password(user_id: int, password: str) -> None:
    """Raises `WrongCredentials` unless it is that user's password."""
    authenticate(get_user(user_id).email, password)


def set_password(email: str, password: str, *, end_tokens: bool = True) -> tuple[User, int]:
    """Set the user's password, sign them out everywhere and end their API tokens: whoever knew
    the old password may have made one.

    Returns how many tokens were ended besides the user. Raises `UserNotFound`, `InvalidField`.
    """
    hashed = hash_password(password)
    with transaction() as session:
        # Locked, so that somebody who leaves in this moment stays without one.
        user = session.scalars(_by_email(email).with_for_update(key_share=True)).one_or_none()
        if user is None:
            raise UserNotFound(email)
        user.password_hash = hashed
        ended = api_tokens.end_all_of(session, user.id) if end_tokens else 0
    sign_ins.end_all_of(user.id)
    return user, ended


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
    """Raises `InvalidField` for a password that breaks the rules, `TooManyRequests` when too many
    passwords of the same address wait, and `Busy` when those of too many others do."""
    _check_rules(password)
    return _aside(_hasher.hash, password)


def _check_rules(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise InvalidField("password", f"must have at least {MIN_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise InvalidField("password", f"must have at most {MAX_PASSWORD} characters")
    if "\x00" in password:
        raise InvalidField("password", "must not hold a NUL character")


def _aside(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return _hashing.run(work, *args, **kwargs)
    except QueueFull:
        raise TooManyRequests(_FULL_FOR) from None
    except WaitedTooLong:
        raise Busy from None


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that was broken."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)
