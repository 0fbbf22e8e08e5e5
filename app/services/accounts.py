"""Accounts: sign-up, authentication, passwords."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.errors import (
    Busy,
    EmailTaken,
    InvalidField,
    TooManyRequests,
    UserNotFound,
    WrongCredentials,
)
from app.lib.emails import spellings
from app.lib.fair_queue import FairQueue, QueueFull, WaitedTooLong
from app.models import User
from app.services import api_tokens, sign_ins

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
MIN_PASSWORD = 8
MAX_PASSWORD = 200
"""Characters: OWASP ASVS 5.0, 6.2.1 and 6.2.9 (at least 8, at least 64 permitted)."""

# OWASP's minimum (Password Storage Cheat Sheet: 19 MiB, two passes, one lane) plus one pass. Each
# further lane is a thread: a single hash could then take every core away from the bookings.
_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
_hash_queue = FairQueue(each=16, timeout=6)
"""At most `each` passwords of one address wait in a process: a whole venue may share an address."""
_RETRY_AFTER = 2
"""Seconds that a full queue of one address takes at most, on two cores."""


@cache
def _dummy_hash() -> str:
    """A dummy hash, so that an unknown email takes as long as a wrong password."""
    return _run_queued(_hasher.hash, "nobody has this password")


def share_core(processes: int) -> None:
    """Limit hashing in all `processes` together to the time of one core."""
    _hash_queue.share = 1 / processes


def is_too_busy_for(client: str) -> bool:
    """Whether a password of this client (as for `on_behalf_of`) could not be hashed in time."""
    return _hash_queue.is_hopeless(client)


def create_user(email: str, name: str = "", password: str | None = None) -> User:
    """Create a user; without a password they cannot sign in until one is set.

    Raises `EmailTaken`, and what `hash_password` raises.
    """
    if password is not None:
        _check_rules(password)
        # Checked before the expensive hash; the unique index decides in a race.
        if find_user(email):
            raise EmailTaken
        db.session.commit()
    user = User(
        email=email,
        name=name,
        password_hash=hash_password(password) if password is not None else None,
    )
    with refusing_a_taken_email(), transaction() as session:
        session.add(user)
    return user


def authenticate(email: str, password: str) -> User:
    """Return the user with this email and password. Of two accounts with one address, spelt in two
    ways, it is the one whose password it is: browsers may send another spelling than was typed.

    Raises `WrongCredentials`, and `TooManyRequests` and `Busy` as `hash_password` does.
    """
    found = db.session.scalars(_by_email(email)).all()
    for user in found[:-1]:
        with suppress(WrongCredentials):
            return _authenticated(user, password)
    return _authenticated(found[-1] if found else None, password)


def _authenticated(user: User | None, password: str) -> User:
    # Return the connection to the pool before waiting in the hashing queue.
    db.session.commit()
    known = user.password_hash if user and user.password_hash else _dummy_hash()
    matches, rehashed = _run_queued(_verify, known, password[:MAX_PASSWORD])
    if not matches or user is None or user.password_hash is None:
        log.warning("A password was refused", extra={"user_id": user.id if user else None})
        raise WrongCredentials
    if rehashed:
        _store_rehash(user, known, rehashed)
    return user


def _verify(hashed: str, password: str) -> tuple[bool, str | None]:
    """Whether the password is right, and its new hash if the parameters have changed since."""
    try:
        _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False, None
    return True, _hasher.hash(password) if _hasher.check_needs_rehash(hashed) else None


def _store_rehash(user: User, known: str, rehashed: str) -> None:
    with transaction() as session:
        session.execute(
            update(User)
            # Unless the password was changed meanwhile.
            .where(User.id == user.id, User.password_hash == known)
            .values(password_hash=rehashed)
        )


def confirm_password(user_id: int, password: str) -> None:
    """Raise `WrongCredentials` unless it is that user's password."""
    # Not by the email, which may be another spelling of another account's.
    _authenticated(get_user(user_id), password)


def set_password(whose: str | int, password: str, *, end_tokens: bool = True) -> tuple[User, int]:
    """Set the password of the user with this email or id, sign them out everywhere and revoke
    their API tokens, which somebody who knew the old password may have created.

    Returns the user and how many tokens were revoked. Raises `UserNotFound`, and what
    `hash_password` raises.
    """
    hashed = hash_password(password)
    with transaction() as session:
        # Locked, so that an account that is being deleted does not get a password again.
        wanted = _by_id(whose) if isinstance(whose, int) else _by_email(whose).limit(1)
        user = session.scalars(wanted.with_for_update(key_share=True)).one_or_none()
        if user is None:
            raise UserNotFound(whose)
        user.password_hash = hashed
        ended = api_tokens.end_all_of(session, user.id) if end_tokens else 0
    sign_ins.end_all_of(user.id)
    return user, ended


def find_user(email: str) -> User | None:
    """The user with this email, however it is spelt, or None. Of two accounts with one address, it
    is the one that is spelt so."""
    return db.session.scalars(_by_email(email).limit(1)).one_or_none()


def get_user(user_id: int) -> User:
    """Return the user; raises `UserNotFound`, also for a deleted account."""
    user = db.session.get(User, user_id)
    if user is None or user.deleted_at:
        raise UserNotFound(user_id)
    return user


def locked_user(session: Session, user_id: int) -> User:
    """The user's row, locked against other changes but not against bookings (docs/booking.md).

    Raises `UserNotFound`, also for a deleted account.
    """
    user = session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
    if user is None or user.deleted_at:
        raise UserNotFound(user_id)
    return user


def is_used(user: User) -> bool:
    """Whether somebody signs in as the user: by a password, in a browser, or as a program."""
    return (
        user.has_password
        or bool(sign_ins.list_of(user.id))
        or bool(api_tokens.list_api_tokens(user.id))
    )


def _by_id(user_id: int) -> Select[User]:
    return select(User).where(User.id == user_id, User.deleted_at.is_(None))


def _by_email(email: str) -> Select[User]:
    known = func.lower(User.email)
    typed, *others = spellings(email)
    if not others:
        return select(User).where(known == typed)
    # Two for one address are from before it had one spelling (migration 0013).
    return select(User).where(known.in_([typed, *others])).order_by(known != typed, User.id)


def hash_password(password: str) -> str:
    """Check the password against the rules and hash it with argon2.

    Raises `InvalidField` for a password that breaks the rules, `TooManyRequests` when too many
    passwords of the caller's address are queued, and `Busy` after too long a wait in the queue.
    """
    _check_rules(password)
    return _run_queued(_hasher.hash, password)


def _check_rules(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise InvalidField("password", f"must have at least {MIN_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise InvalidField("password", f"must have at most {MAX_PASSWORD} characters")
    if "\x00" in password:
        raise InvalidField("password", "must not hold a NUL character")


def _run_queued(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return _hash_queue.run(work, *args, **kwargs)
    except QueueFull:
        raise TooManyRequests(_RETRY_AFTER) from None
    except WaitedTooLong:
        raise Busy from None


@contextmanager
def refusing_a_taken_email() -> Iterator[None]:
    """Raise `EmailTaken` when a transaction in it gives a user an email that another has."""
    try:
        yield
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email":
            raise EmailTaken from None
        raise


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the violated constraint, if the error names one."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)
