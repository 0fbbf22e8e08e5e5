"""Secret addresses of tickets: whoever has one may see the ticket and give its seats back.

Nothing is stored of them, so no backup holds one: the address carries the booking's reference, and
a signature by a key derived from `SECRET_KEY`.
"""

from typing import cast

from flask import current_app

from app.config import Settings
from app.lib.signatures import LENGTH, is_signed, signature
from app.models import Booking

PURPOSE = "ticket address"
REFERENCE = 12
"""Letters of the reference, with which a secret begins."""


def ticket_url(booking: Booking) -> str:
    """Return the ticket's secret address, absolute, for a letter."""
    return f"{_settings().base_url}/tickets/{ticket_secret(booking)}"


def ticket_secret(booking: Booking) -> str:
    """Return what a ticket's secret address ends with."""
    return booking.reference + signature(_settings().secret_key, PURPOSE, _signed(booking))


def reference_in(secret: str) -> str | None:
    """The reference that a secret names; None for what can't be a secret."""
    is_whole = secret.isascii() and len(secret) == REFERENCE + LENGTH
    return secret[:REFERENCE] if is_whole else None


def opens(secret: str, booking: Booking) -> bool:
    """Whether it is the secret of this booking, which was not replaced by another."""
    return is_signed(secret[REFERENCE:], _settings().signing_keys, PURPOSE, _signed(booking))


def _signed(booking: Booking) -> str:
    return f"{booking.reference}:{booking.address_version}"


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
