"""Passes for the wallets of phones, where the operator has given credentials for them."""

import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from app.config import Settings
from app.errors import NoTicket, WalletNotOffered
from app.lib import apple_passes, google_passes
from app.lib.apple_passes import PassSigner
from app.lib.google_passes import ServiceAccount
from app.models import Booking
from app.models.columns import now
from app.presenters.wallet_passes import apple_pass, apple_pictures, google_pass

MOST = apple_passes.MOST
"""Seats of a booking for which passes are given; a larger party has a PDF."""
LENGTHS = (200, 100, 60, 40, 24, 12)
"""Bytes of each text in a pass for Google, the first that lets it fit into an address."""
REST = 0.001
"""Seconds in which others go first after a pass was signed, which takes a millisecond or two."""


class Wallets(NamedTuple):
    apple: bool = False
    google: bool = False


class AppleFile(NamedTuple):
    content: bytes
    mimetype: str
    ending: str


def apple_file(booking: Booking, settings: Settings) -> AppleFile:
    """Return the pass of the booking's seat, or a bundle of one for each seat.

    Raises `WalletNotOffered` and `NoTicket`.
    """
    signer = _apple(settings)
    if signer is None or not signer.is_valid(now()):
        raise WalletNotOffered
    _require_ticket(booking)
    passes: list[bytes] = []
    for number in range(1, booking.seats + 1):
        if passes:
            time.sleep(REST)
        facts = apple_pass(booking, number, settings)
        passes.append(apple_passes.signed_pass(facts, apple_pictures(), signer))
    if len(passes) == 1:
        return AppleFile(passes[0], apple_passes.PASS, "pkpass")
    return AppleFile(apple_passes.bundle(passes), apple_passes.BUNDLE, "pkpasses")


def google_link(booking: Booking, number: int, settings: Settings) -> str:
    """Return the address at which Google saves the pass of this seat.

    Raises `WalletNotOffered` and `NoTicket`.
    """
    account = _google(settings)
    if account is None or not 1 <= number <= booking.seats:
        raise WalletNotOffered
    _require_ticket(booking)
    site = urlsplit(settings.base_url)
    for longest in LENGTHS:
        payload = google_pass(booking, number, settings, longest)
        link = google_passes.save_link(
            payload, account, origins=[f"{site.scheme}://{site.netloc}"], at=int(time.time())
        )
        if len(link) - len(google_passes.SAVE) <= google_passes.LONGEST:
            break
    return link


def require_google(booking: Booking, settings: Settings) -> None:
    """Raise `WalletNotOffered` and `NoTicket` as `google_link` does."""
    if not settings.google_wallet_issuer_id:
        raise WalletNotOffered
    _require_ticket(booking)


def offered(seats: int, settings: Settings) -> Wallets:
    """Return the wallets for which a booking of so many seats has passes."""
    if seats > MOST:
        return Wallets()
    signer = _apple(settings)
    apple = signer is not None and signer.is_valid(now())
    return Wallets(apple, bool(settings.google_wallet_issuer_id))


def _require_ticket(booking: Booking) -> None:
    if not booking.stands:
        raise NoTicket(booking.id)
    if booking.seats > MOST:
        raise WalletNotOffered


def _apple(settings: Settings) -> PassSigner | None:
    return _signer(settings.apple_credentials) if settings.apple_pass_type_id else None


def _google(settings: Settings) -> ServiceAccount | None:
    return _account(settings.google_wallet_key) if settings.google_wallet_issuer_id else None


@lru_cache(maxsize=4)
def _signer(credentials: tuple[str, str, str, str, str]) -> PassSigner:
    return apple_passes.signer_of(*credentials)


@lru_cache(maxsize=4)
def _account(file: str) -> ServiceAccount:
    return google_passes.account_of(Path(file))
