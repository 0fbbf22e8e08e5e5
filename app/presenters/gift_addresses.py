"""Secret addresses of gifts: whoever has one may accept the seat, and nothing else.

It is no ticket's address, and does not tell the ticket's reference: so the giver, who hands it
over, knows neither the friend's ticket nor its code. Like a ticket's, it is stored nowhere.
"""

from datetime import UTC
from typing import cast

from flask import current_app

from app.config import Settings
from app.lib.signatures import is_signed, signature
from app.models import Gift

PURPOSE = "gift"
LONGEST_ID = 18
"""Digits."""


def gift_url(gift: Gift) -> str:
    """Return the gift's secret address, absolute, to be handed over."""
    return f"{_settings().base_url}/gifts/{gift_secret(gift)}"


def gift_secret(gift: Gift) -> str:
    """Return what a gift's secret address ends with."""
    return f"{gift.booking_id}-{signature(_settings().secret_key, PURPOSE, _signed(gift))}"


def gift_id_in(secret: str) -> int | None:
    """The gift that a secret names; None for what can't be a secret."""
    number = secret.partition("-")[0]
    is_id = number.isascii() and number.isdigit() and len(number) <= LONGEST_ID
    return int(number) if is_id else None


def opens(secret: str, gift: Gift) -> bool:
    """Whether it is the secret of this gift."""
    return is_signed(secret.partition("-")[2], _settings().signing_keys, PURPOSE, _signed(gift))


def _signed(gift: Gift) -> str:
    # With its time: after a database was restored, another gift may get the same id.
    return f"{gift.booking_id}:{gift.from_id}:{gift.given_at.astimezone(UTC).isoformat()}"


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
