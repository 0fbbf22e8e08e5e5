"""Which settings a site must not serve with: weak or missing keys, and what would stand open."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from app.lib.apple_passes import WrongCredentials, signer_of
from app.lib.google_passes import WrongAccount, account_of
from app.lib.taxes import is_gstin
from app.lib.text_files import text_of

if TYPE_CHECKING:
    from app.config import Settings

MIN_KEY_LENGTH = 22
"""Minimum characters of a key: 22 in base64 carry the 128 random bits that a key needs."""

WEAK_WORDS = ("change_me", "changeme", "secret", "password", "example", "default")
HOST_NAME = re.compile(r"(\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:.]+\])(:\d+)?")
"""A leading dot matches all subdomains as well; an IPv6 address stands in brackets."""
LOOPBACK = {"127.0.0.1", "localhost"}
APPLE = (
    *("apple_pass_type_id", "apple_team_id"),
    *("apple_pass_certificate", "apple_pass_key", "apple_wwdr_certificate"),
)
GOOGLE = ("google_wallet_issuer_id", "google_wallet_key")
TAX = ("tax_name", "tax_rate", "tax_number")
STRIPE = ("stripe_secret_key", "stripe_webhook_secret")
RAZORPAY = ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret")
PAYMENT_SECRETS = (*STRIPE, *RAZORPAY[1:])
MAKE_A_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'


def problems(settings: "Settings") -> list[str]:
    """Return the reasons not to serve, a sentence each; empty if there are none."""
    found = _exposure_problems(settings) + _metrics_problems(settings) + _page_problems(settings)
    found += _wallet_problems(settings) + _payment_problems(settings) + _tax_problems(settings)
    if settings.mail_url and not settings.sender:
        found.append("MAIL_FROM is missing: with MAIL_URL, say whom letters come from.")
    if settings.upi_address and not settings.upi_payee:
        found.append("UPI_NAME is missing: with UPI_ADDRESS, say who is paid, or ORGANISER_NAME.")
    return found if settings.demo else found + _keys_problems(settings)


def _keys_problems(settings: "Settings") -> list[str]:
    found = []
    if not settings.admin_key:
        found.append(f"ADMIN_KEY is missing. Make one: {MAKE_A_KEY}")
    if len(settings.admin_key) > 2:
        found.append("ADMIN_KEY holds more than two keys; two are enough to rotate.")
    for name, keys in (
        ("ADMIN_KEY", settings.admin_key),
        ("SECRET_KEY", (settings.secret_key,)),
        ("SECRET_KEY_FALLBACKS", settings.secret_key_fallbacks),
    ):
        found += [f"{name} {fault}" for key in keys for fault in _key_problems(key)]
    if settings.secret_key and settings.secret_key in settings.admin_key:
        found.append(f"SECRET_KEY is the same as ADMIN_KEY. Make another one: {MAKE_A_KEY}")
    return found


def _key_problems(key: str) -> list[str]:
    if not key:
        return [f"is missing. Make one: {MAKE_A_KEY}"]
    if any(word in key.lower() for word in WEAK_WORDS):
        return [f"looks like a default. Make one: {MAKE_A_KEY}"]
    if len(key) < MIN_KEY_LENGTH or len(set(key)) < 8:
        return [f"is too short or too plain (128 random bits are needed). Make one: {MAKE_A_KEY}"]
    return []


def _exposure_problems(settings: "Settings") -> list[str]:
    exposed = not settings.serves_loopback or settings.proxy_hops > 0
    found = []
    if settings.api_access == "open" and exposed:
        found.append(
            "API_ACCESS=open trusts any user_id, so it may only serve 127.0.0.1 and no proxy: "
            "set API_ACCESS=token, or HOST=127.0.0.1 and PROXY_HOPS=0."
        )
    if settings.demo and exposed:
        found.append("DEMO=1 may only serve 127.0.0.1 and no proxy: unset DEMO, or HOST.")
    if not settings.serves_loopback and not settings.trusted_hosts:
        found.append(
            "TRUSTED_HOSTS is missing: name the hosts that people use, as in "
            "TRUSTED_HOSTS=tickets.example.org."
        )
    found += [
        f"TRUSTED_HOSTS: {host!r} is no name of a host, as in tickets.example.org."
        for host in settings.trusted_hosts
        if not HOST_NAME.fullmatch(host)
    ]
    return found


def _page_problems(settings: "Settings") -> list[str]:
    found = []
    for name, page in (
        ("TERMS_PAGE", settings.terms_page),
        ("PRIVACY_PAGE", settings.privacy_page),
    ):
        if page and not page.startswith("https://") and text_of(Path(page)) is None:
            found.append(
                f"{name} is neither a text file that can be read nor an https:// address: {page!r}."
            )
    return found


def _wallet_problems(settings: "Settings") -> list[str]:
    found = _missing_of(settings, APPLE) + _missing_of(settings, GOOGLE)
    if found:
        return found
    try:
        if settings.apple_pass_type_id:
            signer_of(*settings.apple_credentials)
        if settings.google_wallet_issuer_id:
            account_of(Path(settings.google_wallet_key))
    except (WrongCredentials, WrongAccount) as fault:
        found.append(str(fault))
    return found


def _payment_problems(settings: "Settings") -> list[str]:
    why = "payments are begun and told with all of them"
    found = _missing_of(settings, STRIPE, why) + _missing_of(settings, RAZORPAY, why)
    for library, key in (
        ("stripe", settings.stripe_secret_key),
        ("razorpay", settings.razorpay_key_id),
    ):
        if key and find_spec(library) is None:
            found.append(
                f"{library.upper()} needs a library that is not installed: install "
                "requirements/payments.txt instead of requirements/runtime.txt."
            )
    return found


def _tax_problems(settings: "Settings") -> list[str]:
    if found := _missing_of(settings, TAX, "receipts tell of a tax with all of them"):
        return found
    number = settings.tax_number
    if settings.tax_name == "GST" and settings.default_currency == "INR" and not is_gstin(number):
        return [f"TAX_NUMBER is no GSTIN, or has a wrong check digit: {number!r}."]
    return []


def _missing_of(
    settings: "Settings", names: tuple[str, ...], why: str = "passes are signed with all of them"
) -> list[str]:
    """Name what is missing of settings that only work together."""
    missing = [name.upper() for name in names if not getattr(settings, name)]
    if not missing or len(missing) == len(names):
        return []
    given = next(name.upper() for name in names if getattr(settings, name))
    return [f"{given} needs {', '.join(missing)} besides: {why}."]


def _metrics_problems(settings: "Settings") -> list[str]:
    if settings.metrics_port is None:
        return []
    found = []
    if settings.metrics_port == settings.port:
        found.append("METRICS_PORT is the same as PORT: metrics have a port of their own.")
    if settings.metrics_host not in LOOPBACK:
        if settings.demo:
            found.append("DEMO=1 may only serve 127.0.0.1: unset METRICS_HOST.")
        if not settings.metrics_key:
            found.append(
                "METRICS_KEY is missing, and METRICS_HOST is not 127.0.0.1: whoever reaches the "
                f"port would read the figures. Make one: {MAKE_A_KEY}"
            )
    if settings.metrics_key:
        found += [f"METRICS_KEY {fault}" for fault in _key_problems(settings.metrics_key)]
        if settings.metrics_key in {*settings.admin_key, settings.secret_key}:
            found.append(
                "METRICS_KEY is the same as ADMIN_KEY or SECRET_KEY: whoever reads figures may do "
                f"nothing else. Make another one: {MAKE_A_KEY}"
            )
    return found
