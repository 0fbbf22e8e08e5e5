"""The short signature of a ticket's code, by which a door without network knows codes of ours.

The reference has 58 random bits, so that no code of a ticket can be guessed, and the door looks it
up. A device that can't ask has a list; of a code that isn't in it the signature tells whether it
was sold after the list was fetched, or is not ours (ADR 89).
"""

import hmac
from typing import cast

from flask import current_app

from app.config import Settings
from app.models.references import SIGNATURE_LENGTH, SIGNATURE_LETTERS

PURPOSE = b"codes of tickets"


def scanned_code(event_id: int, reference: str, seat: int) -> str:
    """Return the text of a seat's code, as a scanner reads it."""
    code = f"{reference}-{seat}"
    return code + _signature(_event_key(_settings().secret_key, event_id), code)


def event_keys(event_id: int) -> list[bytes]:
    """Return the keys of this event's codes alone, the newest first: for devices at its door."""
    return [_event_key(key, event_id) for key in _settings().signing_keys]


def _event_key(secret: str, event_id: int) -> bytes:
    derived = hmac.digest(secret.encode(), PURPOSE, "sha256")
    return hmac.digest(derived, str(event_id).encode(), "sha256")


def _signature(key: bytes, code: str) -> str:
    number = int.from_bytes(hmac.digest(key, code.encode(), "sha256")[:8])
    letters = ""
    while len(letters) < SIGNATURE_LENGTH:
        number, rest = divmod(number, len(SIGNATURE_LETTERS))
        letters += SIGNATURE_LETTERS[rest]
    return letters


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
