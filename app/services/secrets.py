"""Random secrets for tokens and keys, of which only digests are stored."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache

TOKEN_PREFIX = "utsavam_"  # noqa: S105 - no secret; lets secret scanners recognise a leaked token


def new_secret() -> str:
    """A URL-safe secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The SHA-256 digest: enough for a random secret, which a dictionary attack can't find."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=8)
def _kept_digest(our_key: str) -> bytes:
    return digest(our_key).encode()


def matching_key(given: str, keys: Iterable[str]) -> str | None:
    """The key equal to `given`, if any; compares the digests of all keys, in constant time."""
    offered = digest(given).encode()
    found = None
    for key in keys:
        if hmac.compare_digest(offered, _kept_digest(key)):
            found = key
    return found
