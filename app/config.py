"""All settings of Utsavam. Only this module reads the environment."""

import fcntl
import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import config_checks
from app.config_checks import LOOPBACK
from app.lib.mail_server import server_of
from app.lib.money import CURRENCIES
from app.lib.payment_texts import UPI_ADDRESS
from app.lib.rates import rate_of
from app.lib.redis_urls import SCHEMES, SENTINEL_SCHEMES, SentinelUrl

LEDGER_POOL = 3
"""Size of each process's connection pool for bookings, which page requests cannot exhaust."""
LOOKUP_POOL = 1
"""Size of the pool for what nearly every page looks up, one batch at a time."""
RENAMED = {"desk_room": "booking_queue_size"}
"""Former names of settings, still read in this release."""


def _validate_rate(text: str) -> str:
    rate_of(text)
    return text


Limit = Annotated[str, AfterValidator(_validate_rate)]
"""A rate limit, in the syntax of `app.lib.rates`."""


class WeakSettings(Exception):
    """The settings are invalid or insecure; each problem is one sentence."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))

    @property
    def message(self) -> str:
        """The problems as printed for an operator."""
        return "\n".join(f"utsavam: {problem}" for problem in self.problems)


def _env_file(*, serving: bool) -> Path:
    """Return `.env`, or the demo's own file while a demo runs, so that commands find the demo.

    A process that serves next to a demo reads `.env`.
    """
    data = Path(os.environ.get("DATA_DIR") or ".utsavam")
    if not serving and "DATABASE_URL" not in os.environ and _is_locked(data / "lock"):
        return data / "demo.env"
    return Path(".env")


def _is_locked(file: Path) -> bool:
    """Return whether a running process holds the lock; a killed process releases it."""
    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class Settings(BaseSettings):
    """One attribute per environment variable of the same name in capitals; see `.env.example`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: str = "postgresql+psycopg:///utsavam"
    redis_url: str = "redis://127.0.0.1:6379/0"
    admin_key: Annotated[tuple[str, ...], NoDecode] = ()
    secret_key: str = ""
    secret_key_fallbacks: Annotated[tuple[str, ...], NoDecode] = ()
    """Former secret keys: what they signed is still valid, and nothing new is signed with them."""
    api_access: Literal["token", "open"] = "token"
    sign_up: Literal["by-mail", "open"] = "by-mail"
    """`open` lets people make accounts without mail too; with mail, a letter proves each."""
    demo: bool = False

    time_zone: str = "Asia/Kolkata"
    default_event_hours: float = Field(3.0, gt=0, le=168)
    default_currency: str = "INR"
    """Of new events, by ISO 4217."""

    organiser_name: str = Field("", max_length=200)
    organiser_address: str = Field("", max_length=500)
    contact_email: str = Field("", max_length=254)
    tax_name: str = Field("", max_length=20)
    """With its rate and number: the tax that prices contain, on receipts; `GST`, `VAT`."""
    tax_rate: Decimal = Field(Decimal(0), ge=0, lt=100, decimal_places=2)
    """In per cent of the net price."""
    tax_number: str = Field("", max_length=30)
    tax_code: str = Field("", max_length=12)
    """What seats are in the tax's nomenclature (HSN or SAC)."""
    receipt_prefix: str = Field("", pattern="^[A-Z0-9]{0,3}$")
    financial_year_start: int = Field(4, ge=1, le=12)
    """The month; numbers of receipts begin anew."""
    upi_address: str = ""
    """Where buyers of reserved seats pay rupees by UPI, as in `tickets@okbank`."""
    upi_name: str = Field("", max_length=99)
    terms_page: str = ""
    """A Markdown file, or an https:// address; `privacy_page` too."""
    privacy_page: str = ""

    mail_url: str = ""
    """The mail server, `smtp://`, `smtp+starttls://` or `smtps://`; without it nothing is sent."""
    mail_from: str = Field("", max_length=254)
    mail_reply_to: str = Field("", max_length=254)
    demo_mailbox: str = ""
    """Set by `make demo`: the Maildir that its mail server fills, shown at `/dev/mail`."""

    apple_pass_type_id: str = ""
    """With the four below: tickets as passes for Apple Wallet, signed by these files."""
    apple_team_id: str = ""
    apple_pass_certificate: str = ""
    apple_pass_key: str = ""
    apple_wwdr_certificate: str = ""
    google_wallet_issuer_id: str = Field("", pattern="^[0-9]*$")
    """With the key file of a service account: tickets as passes for Google Wallet."""
    google_wallet_key: str = ""

    stripe_secret_key: str = ""
    """With the secret of its webhook: reserved seats are paid on Stripe's pages."""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = "https://api.stripe.com"
    razorpay_key_id: str = Field("", pattern="^[A-Za-z0-9_]*$")
    """With its secret and that of its webhook: reserved seats are paid on Razorpay's pages."""
    razorpay_key_secret: str = ""
    razorpay_webhook_secret: str = ""
    razorpay_api_base: str = "https://api.razorpay.com"

    keep_guests_days: int = Field(365, ge=1, le=36_500)
    """How long `flask forget` leaves guests after the end of their last event."""

    site_url: str = ""
    """Where people find the site; `base_url` is what links in letters begin with."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    proxy_hops: int = Field(0, ge=0, le=10)
    https: bool = True

    web_concurrency: int = Field(2, ge=1, le=256)
    worker_class: Literal["gevent", "gthread"] = "gevent"
    worker_threads: int = Field(32, ge=1, le=1000)
    booking_queue_size: int = Field(1000, ge=1, le=100_000)
    desk_room: int | None = None
    """The former name of `booking_queue_size`, still read in this release."""
    database_pool_size: int | None = Field(None, ge=1, le=500)
    database_pool_timeout: float = Field(3.0, gt=0, le=8)
    lock_timeout_ms: int = Field(3000, ge=100, le=8000)
    statement_timeout_ms: int = Field(5000, ge=500, le=6000)
    redis_timeout_ms: int = Field(100, ge=10, le=2000)

    waiting_room_files: str = ""
    """A folder for the statuses of waiting rooms, which a proxy serves; else the workers answer."""

    log_format: Literal["auto", "json", "text"] = "auto"
    access_log: bool = False

    metrics_port: int | None = Field(None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_key: str = ""
    prometheus_multiproc_dir: str | None = None
    """Set by gunicorn's master for its workers, not by operators: the folder of their metrics."""

    limit_sign_in: Limit = "10 per minute"
    limit_sign_in_account: Limit = "30 per 10 minutes"
    limit_sign_in_address: Limit = "60 per minute"
    limit_sign_in_everyone: Limit = "300 per minute"
    limit_sign_in_tries: Limit = "30 per minute"
    limit_sign_in_tries_address: Limit = "600 per minute"
    limit_sign_up: Limit = "1000 per hour"
    limit_sign_up_everyone: Limit = "90 per 10 seconds"
    limit_letters: Limit = "5 per 15 minutes"
    limit_letters_address: Limit = "600 per 15 minutes"
    limit_booking: Limit = "60 per minute"
    limit_booking_address: Limit = "6000 per minute"
    limit_joining: Limit = "1000 per hour"
    limit_api: Limit = "600 per minute"
    limit_api_address: Limit = "30000 per minute"
    limit_wrong_keys: Limit = "60 per minute"
    limit_wrong_codes: Limit = "60 per 10 minutes"
    limit_wrong_codes_event: Limit = "600 per 10 minutes"

    @model_validator(mode="before")
    @classmethod
    def _read_former_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        for former, name in RENAMED.items():
            if values.get(former) is not None:
                values.setdefault(name, values[former])
        return values

    @field_validator("admin_key", "secret_key_fallbacks", "trusted_hosts", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _set_driver(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if scheme in {"postgres", "postgresql"}:
            return f"postgresql+psycopg{separator}{rest}"
        if scheme != "postgresql+psycopg":
            raise ValueError("must start with postgresql:// (PostgreSQL is the only database)")
        return url

    @field_validator("site_url")
    @classmethod
    def _check_site_url(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError("must be an address, as in https://tickets.example.org")
        return url.rstrip("/")

    @field_validator("stripe_api_base", "razorpay_api_base")
    @classmethod
    def _check_api_base(cls, url: str) -> str:
        if not re.fullmatch(r"https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost)(:\d+)?", url):
            raise ValueError("must be an https:// address without a path")
        return url

    @field_validator("default_currency")
    @classmethod
    def _check_currency(cls, currency: str) -> str:
        if currency not in CURRENCIES:
            raise ValueError("must be a currency's code by ISO 4217, as in INR")
        return currency

    @field_validator("mail_url")
    @classmethod
    def _check_mail_url(cls, url: str) -> str:
        if url:
            server_of(url)
        return url

    @field_validator("contact_email", "mail_from", "mail_reply_to")
    @classmethod
    def _check_email(cls, email: str) -> str:
        if email and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", email):
            raise ValueError("must be an email address, as in tickets@example.org")
        return email

    @field_validator("upi_address")
    @classmethod
    def _check_upi_address(cls, address: str) -> str:
        if address and not UPI_ADDRESS.fullmatch(address):
            raise ValueError("must be a UPI address, as in tickets@okbank")
        return address

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("must name a time zone, as in Asia/Kolkata")
        return name

    @field_validator("redis_url")
    @classmethod
    def _check_redis_scheme(cls, url: str) -> str:
        if url.startswith("redis+cluster://"):
            raise ValueError("can't be a Redis Cluster; name Sentinels (redis+sentinel://)")
        if not url.startswith(SCHEMES):
            raise ValueError("must start with redis://, rediss://, unix:// or redis+sentinel://")
        if url.startswith(SENTINEL_SCHEMES):
            SentinelUrl.parse(url)
        return url

    @classmethod
    def load(cls, *, serving: bool = False) -> "Settings":
        """Read the settings from the environment. Raises `WeakSettings` for invalid values."""
        try:
            return cls(_env_file=_env_file(serving=serving or is_web_worker()))
        except ValidationError as error:
            raise WeakSettings([_sentence(dict(fault)) for fault in error.errors()]) from None

    @property
    def pool_size(self) -> int:
        """Database connections of a process for pages; a thread holds at most one."""
        if self.database_pool_size is not None:
            return self.database_pool_size
        return 10 if self.worker_class == "gevent" else min(self.worker_threads, 10)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the organisers' figures, lists and exports."""
        return ZoneInfo(self.time_zone)

    @property
    def unsaid(self) -> list[str]:
        """The settings from which visitors would learn who sells here, and which are not set."""
        names = ("organiser_name", "contact_email", "terms_page", "privacy_page")
        return [name.upper() for name in names if not getattr(self, name)]

    @property
    def offers_sign_up(self) -> bool:
        """Whether people make accounts and change their email themselves, or the organisers do.

        On a site that sends no mail nobody proves an address, and the answer would tell whether it
        has an account.
        """
        return bool(self.mail_url) or self.sign_up == "open"

    @property
    def sign_up_tells_emails(self) -> bool:
        """Whether sign-up tells who has an account, since no letter tells it to the owner."""
        return self.offers_sign_up and not self.mail_url

    @property
    def tax_bp(self) -> int:
        """The tax's rate in hundredths of a per cent; 0 of a site without one."""
        return int(self.tax_rate * 100) if self.tax_name else 0

    @property
    def upi_payee(self) -> str:
        """The name that a UPI app shows with the address."""
        return self.upi_name or self.organiser_name

    @property
    def sender(self) -> str:
        """The address that letters come from."""
        return self.mail_from or self.contact_email

    @property
    def base_url(self) -> str:
        """What addresses begin with that are read elsewhere: `SITE_URL`, or the first host."""
        if self.site_url:
            return self.site_url
        names = [host for host in self.trusted_hosts if not host.startswith(".")]
        if names:
            return f"{'https' if self.secure_cookies else 'http'}://{names[0]}"
        return f"http://127.0.0.1:{self.port}"

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The secret key, by which is signed, and former ones, whose signatures are valid."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def apple_credentials(self) -> tuple[str, str, str, str, str]:
        """Certificate, key and Apple's certificate (files), pass type and team."""
        files = (self.apple_pass_certificate, self.apple_pass_key, self.apple_wwdr_certificate)
        return (*files, self.apple_pass_type_id, self.apple_team_id)

    @property
    def serves_loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are `Secure`: false in the demo, and with an explicit `HTTPS=0`."""
        return self.https and not self.demo

    def deprecations(self) -> list[str]:
        """Return a sentence for each setting given under its former name."""
        return [
            f"{former.upper()} is now {name.upper()}; the former name goes with the next release."
            for former, name in RENAMED.items()
            if getattr(self, former) is not None
        ]

    def problems(self) -> list[str]:
        """Return the reasons not to serve, a sentence each; empty if there are none."""
        return config_checks.problems(self)

    def require_strong(self) -> None:
        """Raise `WeakSettings` if a key is weak, or something open is exposed to the network."""
        if problems := self.problems():
            raise WeakSettings(problems)


def _sentence(fault: dict[str, Any]) -> str:
    name = str(fault["loc"][0]).upper()
    return f"{name} is not valid: {str(fault['msg']).removeprefix('Value error, ')}."


def is_web_worker() -> bool:
    """Return whether gunicorn runs this process."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")


def runs_a_command() -> bool:
    """Return whether the process is a `flask` command other than `flask run`, which serves."""
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and "run" not in sys.argv[1:2]
