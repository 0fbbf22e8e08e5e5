"""Rate limits per user, account and address. See the `LIMIT_…` settings and docs/limits.md.

Attempts at a secret are counted by their failures only. Correct passwords and keys cost nothing,
so a lecture hall behind one address doesn't lock itself out.
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
from app.errors import TooManyJoin, TooManyRequests, VoucherNotFound, WrongCredentials
from app.lib.emails import one_spelling
from app.lib.fair_queue import on_behalf_of

KNOWN_ACCOUNT = "known"
"""The session key of the account that the browser was signed in to; set by the server only."""

Limit = tuple[str, ...]
"""The name of a limit, followed by whom it counts."""


def limiter() -> RateLimiter:
    return cast("RateLimiter", current_app.extensions["rate_limiter"])


@lru_cache(maxsize=10_000)
def client_network(address: str | None) -> str:
    """Return the network that counts as one address: the IPv4 address, or the /64 of an IPv6 one.

    A customer is given a /64 where they would be given one IPv4 address.
    """
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
    """Limit the password checks in the `with` block, counting those with `WrongCredentials`.

    Failures are counted per account and address, per account, per address and in total. Browsers
    that were signed in to the account before have a counter of their own, so that the failures of
    others, from any address, lock nobody out of their account. Raises `TooManyRequests`.
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
    """Limit the checks of a staff key in the browser, as `password_of` does."""
    place = client_network(request.remote_addr)
    with _failures([("sign_in", "staff", place)], [], (place, "staff")):
        yield


@contextmanager
def _failures(
    own: Sequence[Limit], shared: Sequence[Limit], everyone: tuple[str, str] | None
) -> Iterator[None]:
    """Count a failure of the `with` block.

    `own` limits are counted in advance and given back on success, so that a hundred concurrent
    guesses don't all pass. `shared` limits are counted afterwards, or concurrent successes of
    different people would block each other. `everyone`, if given, is the address and the kind of
    the limit that all clients share.
    """
    for limit in shared:
        limiter().look(*limit)
    if everyone:
        limiter().look_everyone("sign_in_everyone", *everyone)
    spent: list[Limit] = []
    try:
        for limit in own:
            limiter().spend(*limit)
            spent.append(limit)
        yield
    except WrongCredentials:
        for limit in shared:
            limiter().note(*limit)
        if everyone:
            limiter().note_everyone("sign_in_everyone", *everyone)
        raise
    except BaseException:
        _give_back(spent)
        raise
    _give_back(spent)


def _give_back(own: Sequence[Limit]) -> None:
    for limit in own:
        limiter().give_back(*limit)


def remember_account(email: str) -> None:
    """Note in the session that the browser was signed in to this account; survives signing out."""
    session[KNOWN_ACCOUNT] = _account(email)


def wrong_key(address: str | None) -> None:
    """Count a wrong API key or token; valid ones are not checked here."""
    limiter().spend("wrong_keys", client_network(address))


@contextmanager
def signing_up() -> Iterator[None]:
    """Limit the creation of an account in the `with` block. Raises `TooManyRequests`.

    Per address, attempts are counted. In total, only accounts created are counted, or a few clients
    could use up the shared limit with attempts.
    """
    place = client_network(request.remote_addr)
    limiter().look_everyone("sign_up_everyone", place)
    limiter().spend("sign_up", place)
    with on_behalf_of(place):
        yield
    limiter().note_everyone("sign_up_everyone", place)


def letter_to(email: str) -> None:
    """Count a letter that somebody has sent to this address. Raises `TooManyRequests`."""
    place = client_network(request.remote_addr)
    limiter().spend("letters_address", place)
    limiter().spend("letters", _account(email))


def code_tried() -> None:
    """Count a code that is typed; each letter's code is good for few tries besides."""
    limiter().spend("letters_address", client_network(request.remote_addr))


@contextmanager
def voucher_code(code: str | None, event_id: int, address: str | None) -> Iterator[None]:
    """Limit the codes that are tried in the `with` block, counting those with `VoucherNotFound`:
    of an address, in advance, and of the event. Without a code nothing is counted.

    Raises `TooManyRequests`.
    """
    if not code:
        yield
        return
    place = client_network(address)
    limiter().look_everyone("wrong_codes_event", place, event_id)
    limiter().spend("wrong_codes", place)
    try:
        yield
    except VoucherNotFound:
        limiter().note_everyone("wrong_codes_event", place, event_id)
        raise
    except BaseException:
        limiter().give_back("wrong_codes", place)
        raise
    limiter().give_back("wrong_codes", place)


def booking(user_id: int, address: str | None) -> None:
    """Count a booking attempt by a user, on the pages or with their API token."""
    limiter().spend("booking", user_id)
    limiter().spend("booking_address", client_network(address))


def guest_booking(email: str, address: str | None) -> None:
    """Count a booking attempt with an email: from each address by itself, so that nobody can keep
    others from booking with theirs."""
    network = client_network(address)
    limiter().spend("booking", _account(email), network)
    limiter().spend("booking_address", network)


def joining(event_id: int, address: str | None) -> None:
    """Count a place in a waiting room for somebody without an account, who may have had one before.

    Raises `TooManyJoin`.
    """
    try:
        limiter().spend("joining", event_id, client_network(address))
    except TooManyRequests as error:
        raise TooManyJoin(error.retry_after) from None


def giving(booking_id: int, address: str | None) -> None:
    """Count a seat that is given to a friend: for each one a booking is recorded."""
    limiter().spend("booking", "gifts", booking_id)
    limiter().spend("booking_address", client_network(address))


def api_call() -> None:
    """Count an API call: per user with a token, else per address.

    Calls with a staff key, and those of an open API, are not counted.
    """
    known = g.get("caller")
    if known is None or known.is_nobody:
        limiter().spend("api_address", client_network(request.remote_addr))
    elif known.user_id is not None:
        limiter().spend("api", known.user_id)


def _account(email: str) -> str:
    """Return an id for the account that doesn't reveal its email, in a cookie or in Redis."""
    key, spelt = settings().secret_key.encode(), one_spelling(email)
    return hmac.digest(key, spelt.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
