"""Secrets that we hand out and recognise again: only their digests are kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache

TOKEN_PREFIX = "utsavam_"  # noqa: S105 - a mark by which leaked tokens can be found, no secret


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256; enough for a random secret, which can't be guessed from a list as a password can."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=8)
def _kept_digest(our_key: str) -> bytes:
    return digest(our_key).encode()


def matching_key(given: str, keys: Iterable[str]) -> str | None:
    """The key that was given, compared as bytes in constant time, every key each time."""
    offered = digest(given).encode()
    found = None
    for key in keys:
        if hmac.compare_digest(offered, _kept_digest(key)):
            found = key
    return found
