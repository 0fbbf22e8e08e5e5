"""Links and codes that prove an email address: to sign in, sign up, set a password, change it.

A letter has both. The link opens in any browser, once, by a button; the code is good only in the
browser that asked, and for few tries. An unknown address is answered like a known one, by the same
work: it gets a link that makes an account.
"""

import hmac
import logging
from datetime import timedelta
from typing import NamedTuple, cast

from flask import current_app
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db import db, transaction
from app.errors import LinkNotFound, WrongCredentials
from app.models import LinkPurpose, SignInLink, User
from app.models.columns import now
from app.services import accounts, api_tokens, audit, outbox, sign_ins
from app.services.secrets import digest, new_secret

log = logging.getLogger(__name__)

VALID_FOR = timedelta(minutes=15)
FROM_STAFF_VALID_FOR = timedelta(hours=24)
"""It is handed over by people, who may meet tomorrow."""
MAX_TRIES = 5
"""Codes tried for one letter: one of 200,000 who guess gets in."""
_CODE_PURPOSE = "sign-in code"


class Opened(NamedTuple):
    user: User
    purpose: LinkPurpose


def request_by_mail(
    email: str, purpose: LinkPurpose = LinkPurpose.SIGN_IN, *, name: str = ""
) -> str:
    """Send a letter with a link and a code to this address, whoever it is; returns the secret for
    the asking browser's session, in which the code is good.

    An address without an account gets a link that makes one.
    """
    user = accounts.find_user(email)
    letter: str = purpose
    if user is None:
        purpose, letter = LinkPurpose.SIGN_UP, "sign_up"
    elif purpose == LinkPurpose.SIGN_UP:
        # Who forgot that they have an account is told so where nobody else reads it.
        purpose, letter = LinkPurpose.SIGN_IN, "sign_up_known"
    return _send(letter, purpose, user, user.email if user else email, name)


def request_email_change(user_id: int, email: str) -> None:
    """Send a link to the new address; the email changes when it is opened.

    An address that has an account is told of the attempt, and gets no link.
    """
    user = accounts.get_user(user_id)
    if accounts.find_user(email):
        with transaction():
            outbox.enqueue("email_taken", email)
        return
    _send("email_change", LinkPurpose.EMAIL, user, email, "", with_code=False)


def make_for(user_id: int) -> tuple[User, str]:
    """Make a link for staff to hand over: it signs in, and sets a password.

    Returns the user and the link's secret, of which only a digest is stored. Raises `UserNotFound`.
    """
    user = accounts.get_user(user_id)
    secret = new_secret()
    with transaction() as session:
        session.add(_link(secret, LinkPurpose.PASSWORD, user, user.email, FROM_STAFF_VALID_FOR))
        audit.record("user.link_made", after={"user_id": user.id, "email": user.email})
    return user, secret


def find(secret: str) -> SignInLink:
    """Return the link if it is still good, without using it up. Raises `LinkNotFound`."""
    query = select(SignInLink).where(SignInLink.digest == digest(secret), *_is_good())
    link = db.session.scalars(query).one_or_none()
    if link is None:
        raise LinkNotFound
    return link


def is_for(link: SignInLink, user_id: int | None) -> bool:
    """Whether a browser in which this user is signed in, or nobody, may open the link.

    A changed email is confirmed by the account's owner alone: the letter of a mistyped address goes
    to a stranger, who would have the account.
    """
    return link.purpose != LinkPurpose.EMAIL or link.user_id == user_id


def open_link(secret: str, password: str | None = None, *, by_user: int | None = None) -> Opened:
    """Use the link up, and do what it is for; returns whom to sign in.

    `password` is the new one, where the link sets one; `by_user` is signed in. Raises
    `LinkNotFound`, also for one that is used or not `is_for` them, and `EmailTaken` when somebody
    else took the address meanwhile.
    """
    link = find(secret)
    if not is_for(link, by_user):
        raise LinkNotFound
    purpose = LinkPurpose(link.purpose)
    db.session.commit()
    hashed = None
    if purpose == LinkPurpose.PASSWORD:
        hashed = accounts.hash_password(password or "")
    return _use(SignInLink.digest == digest(secret), hashed)


def open_with_code(browser: str, code: str) -> Opened | str:
    """Use up the link of the letter that this browser asked for, by its code.

    Returns whom to sign in; or, where a password is to be set, a new link's secret. Raises
    `WrongCredentials` for a wrong code, and `LinkNotFound` after too many, or once it is over.
    """
    mine = SignInLink.browser_digest == digest(browser)
    with transaction() as session:
        # Counted before it is compared, so that many at once get no more tries.
        counted = session.execute(
            update(SignInLink)
            .where(mine, SignInLink.tries < MAX_TRIES, *_is_good())
            .values(tries=SignInLink.tries + 1)
            .returning(SignInLink.id, SignInLink.purpose)
        ).one_or_none()
    if counted is None:
        raise LinkNotFound
    if not _is_code(browser, code):
        log.warning("A code was refused")
        raise WrongCredentials
    if counted.purpose != LinkPurpose.PASSWORD:
        return _use(mine, None)
    return _exchange(counted.id)


def code_of(browser: str) -> str:
    """The letter's code: derived, so that neither the database nor the browser has it."""
    return _codes_of(browser)[0]


def _send(
    letter: str,
    purpose: LinkPurpose,
    user: User | None,
    email: str,
    name: str,
    *,
    with_code: bool = True,
) -> str:
    secret, browser = new_secret(), new_secret()
    link = _link(secret, purpose, user, email, VALID_FOR)
    link.name = name
    link.browser_digest = digest(browser) if with_code else None
    facts: dict[str, outbox.JSON] = {
        "link": f"{_settings().base_url}/sign-in/links/{secret}",
        "code": code_of(browser) if with_code else "",
        "minutes": int(VALID_FOR.total_seconds() // 60),
        "expires_at": link.expires_at.isoformat(),
        "account": user.email if user else email,
    }
    with transaction() as session:
        _forget_expired(session)
        session.add(link)
        outbox.enqueue(letter, email, user=user, facts=facts)
    return browser


def _link(
    secret: str, purpose: LinkPurpose, user: User | None, email: str, valid_for: timedelta
) -> SignInLink:
    return SignInLink(
        digest=digest(secret),
        purpose=purpose.value,
        user_id=user.id if user else None,
        email=email,
        expires_at=now() + valid_for,
    )


def _forget_expired(session: Session) -> None:
    """Deleted by who makes the next, so that no scheduler is needed."""
    over = select(SignInLink.id).where(SignInLink.expires_at < now() - VALID_FOR)
    over = over.limit(100).with_for_update(skip_locked=True)
    session.execute(
        delete(SignInLink)
        .where(SignInLink.id.in_(over))
        .execution_options(synchronize_session=False)
    )


def _is_good() -> tuple[ColumnElement[bool], ...]:
    return SignInLink.used_at.is_(None), SignInLink.expires_at > now()


def _use(which: ColumnElement[bool], hashed: str | None) -> Opened:
    """Use the link up and act, in one transaction; of many at once, one finds it good."""
    with accounts.refusing_a_taken_email(), transaction() as session:
        link = session.scalars(select(SignInLink).where(which, *_is_good())).one_or_none()
        # The user's row first: an account's deletion locks it, and then ends its links.
        user = _locked_user(session, link) if link else None
        if link is None or not _is_used_up(session, link):
            raise LinkNotFound
        opened = Opened(_act(session, link, user, hashed), LinkPurpose(link.purpose))
    if opened.purpose == LinkPurpose.PASSWORD:
        sign_ins.end_all_of(opened.user.id)
    return opened


def _locked_user(session: Session, link: SignInLink) -> User | None:
    if link.user_id is None:
        return None
    user = session.get(
        User, link.user_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if user is None or user.deleted_at:
        raise LinkNotFound
    return user


def _is_used_up(session: Session, link: SignInLink) -> bool:
    """Mark the link as used, and return whether it was good until now."""
    used = (
        update(SignInLink)
        .where(SignInLink.id == link.id, *_is_good())
        .values(used_at=now())
        .returning(SignInLink.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(used).one_or_none() is not None


def _act(session: Session, link: SignInLink, user: User | None, hashed: str | None) -> User:
    if user is None:
        return _account_of(session, link)
    if link.purpose == LinkPurpose.PASSWORD:
        user.password_hash = hashed
        api_tokens.end_all_of(session, user.id)
        outbox.enqueue("password_changed", user.email, user=user)
    elif link.purpose == LinkPurpose.EMAIL:
        former, user.email = user.email, link.email
        outbox.enqueue("email_changed", former, user=user, facts={"new": link.email})
        outbox.follow(user, former)
    return user


def _account_of(session: Session, link: SignInLink) -> User:
    """The new account; or one that was made since, as by a booking."""
    if user := accounts.find_user(link.email):
        return user
    user = User(email=link.email, name=link.name)
    session.add(user)
    session.flush()  # assigns the id, by which it is signed in
    return user


def _exchange(link_id: int) -> str:
    """Give the link a new secret, for the browser that has shown its code."""
    secret = new_secret()
    with transaction() as session:
        session.execute(
            update(SignInLink)
            .where(SignInLink.id == link_id, *_is_good())
            .values(digest=digest(secret))
        )
    return secret


def _is_code(browser: str, code: str) -> bool:
    given = "".join(filter(str.isdigit, code)).encode()
    found = [hmac.compare_digest(given, known.encode()) for known in _codes_of(browser)]
    return any(found)


def _codes_of(browser: str) -> list[str]:
    """By the secret key, and by former ones."""
    digests = (
        hmac.digest(key.encode(), f"{_CODE_PURPOSE}:{browser}".encode(), "sha256")
        for key in _settings().signing_keys
    )
    return [f"{int.from_bytes(found) % 1_000_000:06}" for found in digests]


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
