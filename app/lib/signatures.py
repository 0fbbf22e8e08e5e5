"""Signatures that stand in addresses."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable

LENGTH = 22
"""Characters of a signature: 128 bits in base64."""


def signature(key: str, purpose: str, text: str) -> str:
    """Sign `text` with a key of its own for each purpose, derived from `key`."""
    derived = hmac.digest(key.encode(), purpose.encode(), "sha256")
    return urlsafe_b64encode(hmac.digest(derived, text.encode(), "sha256")[:16])[:LENGTH].decode()


def is_signed(given: str, keys: Iterable[str], purpose: str, text: str) -> bool:
    """Whether `given` is the signature by one of the keys; compares with all, in constant time."""
    # Compared as bytes: `compare_digest` raises for other letters than ASCII's.
    found = [
        hmac.compare_digest(given.encode(), signature(key, purpose, text).encode()) for key in keys
    ]
    return any(found)
