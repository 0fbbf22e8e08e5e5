"""Who may try how often. The settings `LIMIT_…` say how much, docs/limits.md tells why.

What guesses a secret is counted by its failures alone: good passwords and keys cost nothing, so
that a lecture hall behind one address locks nobody out.
"""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from flask import current_app, g, request, session

from app.edge.current import settings
from app.edge.rate_limiter import RateLimiter
from app.errors import WrongCredentials
from app.lib.fair_queue import on_behalf_of
from app.services.accounts import normalise_email

KNOWN_ACCOUNT = "known"
"""In a session: which account the browser has been signed in to, told by nobody but us."""

Limit = tuple[str, ...]
"""A limit's name, and who is counted."""


def limiter() -> RateLimiter:
    return cast("RateLimiter", current_app.extensions["rate_limiter"])


@lru_cache(maxsize=10_000)
def client_network(address: str | None) -> str:
    """What counts as one address: of IPv6 the /64 that a customer is given as one is of IPv4."""
    with suppress(ValueError):
        found = ip_address((address or "").partition("%")[0])
        if isinstance(found, IPv6Address):
            found = found.ipv4_mapped or found
        if isinstance(found, IPv6Address):
            return str(ip_network((found, 64), strict=False))
        return str(found)
    return "unknown"


@contextmanager
def password_of(email: str) -> Iterator[None]:
    """Around the proof of a password; counts it when that raises `WrongCredentials`.

    Failures are counted by account and address, by account, by address and of all. Browsers that
    were signed in to the account before are held to a count of their own, so that strangers'
    failures, from wherever, keep nobody out of their account. Raises `TooManyRequests`.
    """
    account, place = _account(email), client_network(request.remote_addr)
    known = session.get(KNOWN_ACCOUNT) == account
    who = (account, KNOWN_ACCOUNT if known else place)
    own: list[Limit] = [("sign_in", *who)]
    shared: list[Limit] = []
    if not known:
        own.append(("sign_in_account", account))
        shared.append(("sign_in_address", place))
    with _failures(own, shared, None if known else (place, "users")), on_behalf_of(place):
        limiter().spend("sign_in_tries", *who)
        limiter().spend("sign_in_tries_address", place)
        yield


@contextmanager
def staff_key() -> Iterator[None]:
    """Around the proof of a key in the browser, as `password_of`."""
    place = client_network(request.remote_addr)
    with _failures([("sign_in", "staff", place)], [], (place, "staff")):
        yield


@contextmanager
def _failures(
    own: Sequence[Limit], shared: Sequence[Limit], everyone: tuple[str, str] | None
) -> Iterator[None]:
    """Those of one account are counted before they are known, and given back if it was none: a
    hundred guesses at once are not all let through. Those of many people are counted after, or
    the good ones under way would be in each other's way. `everyone`: the place and the kind
    that count among all together, if they do."""
    for limit in shared:
        limiter().look(*limit)
    if everyone:
        limiter().look_everyone("sign_in_everyone", *everyone)
    for limit in own:
        limiter().spend(*limit)
    try:
        yield
    except WrongCredentials:
        for limit in shared:
            limiter().note(*limit)
        if everyone:
            limiter().note_everyone("sign_in_everyone", *everyone)
        raise
    except BaseException:
        _give_back(own)
        raise
    _give_back(own)


def _give_back(own: Sequence[Limit]) -> None:
    for limit in own:
        limiter().give_back(*limit)


def remember_account(email: str) -> None:
    """The browser is one that was signed in to this account; signing out does not undo it."""
    session[KNOWN_ACCOUNT] = _account(email)


def wrong_key(address: str | None) -> None:
    """A key or token of the API that is wrong; the good ones are not even looked up here."""
    limiter().spend("wrong_keys", client_network(address))


@contextmanager
def signing_up() -> Iterator[None]:
    """Around the making of an account. An address's tries are counted; of all together only the
    accounts that were made, or few could use up with tries what is there for all.

    Raises `TooManyRequests`.
    """
    place = client_network(request.remote_addr)
    limiter().look_everyone("sign_up_everyone", place)
    limiter().spend("sign_up", place)
    with on_behalf_of(place):
        yield
    limiter().note_everyone("sign_up_everyone", place)


def booking(user_id: int, address: str | None) -> None:
    """An order of a person: by pages, or by their token."""
    limiter().spend("booking", user_id)
    limiter().spend("booking_address", client_network(address))


def api_call() -> None:
    """A call of the API: by a user's token, or by the address of who needs none. Staff's keys and
    the open API are not counted."""
    known = g.get("caller")
    if known is None or known.is_nobody:
        limiter().spend("api_address", client_network(request.remote_addr))
    elif known.user_id is not None:
        limiter().spend("api", known.user_id)


def _account(email: str) -> str:
    """A name for the account that tells nobody its email, neither in a cookie nor in Redis."""
    key, said = settings().secret_key.encode(), normalise_email(email)
    return hmac.digest(key, said.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
