"""Passes for Google Wallet: a link that holds the whole pass, signed by a service account.

By Google's "Google Wallet API JWT". Nothing is asked of Google: the browser that follows the link
takes the pass there. `jwt` is imported when it is first needed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SAVE = "https://pay.google.com/gp/v/save/"
LONGEST = 1_800
"""Letters of a signed pass that every browser takes in an address, by Google's documentation."""


class WrongAccount(ValueError):
    """The file is no service account's; the message says what is wrong."""


class ServiceAccount(NamedTuple):
    email: str
    key: Any
    """The private key, of `cryptography`."""


def account_of(file: Path) -> ServiceAccount:
    """Read a service account's key file (JSON). Raises `WrongAccount`."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = json.loads(file.read_bytes())
        email, key = str(found["client_email"]), str(found["private_key"])
        if found["type"] != "service_account":
            raise WrongAccount("GOOGLE_WALLET_KEY is not a service account's.")
        loaded = load_pem_private_key(key.encode(), None)
    except OSError as fault:
        raise WrongAccount(f"GOOGLE_WALLET_KEY can't be read: {fault.strerror}.") from None
    except (ValueError, TypeError, LookupError) as fault:
        if isinstance(fault, WrongAccount):
            raise
        raise WrongAccount(
            f"GOOGLE_WALLET_KEY is no key file of a service account: {str(file)!r}."
        ) from None
    if not isinstance(loaded, RSAPrivateKey):
        raise WrongAccount("GOOGLE_WALLET_KEY holds a key that is not RSA.")
    return ServiceAccount(email, loaded)


def save_link(
    payload: Mapping[str, Sequence[Mapping[str, Any]]],
    by: ServiceAccount,
    *,
    origins: Sequence[str],
    at: int,
) -> str:
    """Return the link by which a browser saves the classes and objects; `at` is Unix time."""
    import jwt

    class Spelt(json.JSONEncoder):
        """UTF-8 as it is: escapes would take twice the room in an address."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "ensure_ascii": False})

    claims = {
        "iss": by.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": at,
        "origins": list(origins),
        "payload": payload,
    }
    return SAVE + jwt.encode(claims, by.key, algorithm="RS256", json_encoder=Spelt)
