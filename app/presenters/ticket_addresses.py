"""Secret addresses of tickets: whoever has one may see the ticket and give its seats back.

Nothing is stored of them, so no backup holds one: the address carries the booking's reference, and
a signature by a key derived from `SECRET_KEY`.
"""

from typing import Protocol, cast

from flask import current_app

from app.config import Settings
from app.lib.signatures import LENGTH, is_signed, signature

PURPOSE = "ticket address"
REFERENCE = 12
"""Letters of the reference, with which a secret begins."""


class HasAddress(Protocol):
    """A booking, as it is stored or as the desk has just recorded it."""

    @property
    def reference(self) -> str: ...
    @property
    def address_version(self) -> int: ...


def ticket_url(booking: HasAddress) -> str:
    """Return the ticket's secret address, absolute, for a letter."""
    return f"{_settings().base_url}/tickets/{ticket_secret(booking)}"


def ticket_secret(booking: HasAddress) -> str:
    """Return what a ticket's secret address ends with."""
    return booking.reference + signature(_settings().secret_key, PURPOSE, _signed(booking))


def reference_in(secret: str) -> str | None:
    """The reference that a secret names; None for what can't be a secret."""
    is_whole = secret.isascii() and len(secret) == REFERENCE + LENGTH
    return secret[:REFERENCE] if is_whole else None


def opens(secret: str, booking: HasAddress) -> bool:
    """Whether it is the secret of this booking, which was not replaced by another."""
    return is_signed(secret[REFERENCE:], _settings().signing_keys, PURPOSE, _signed(booking))


def _signed(booking: HasAddress) -> str:
    return f"{booking.reference}:{booking.address_version}"


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
