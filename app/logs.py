"""Logging: one JSON line per event, or plain text at a terminal. See docs/logs.md.

All standard library loggers use this configuration, including gunicorn's. Logs say what happened
and where but contain no personal data: ids are enough to look people up in the database.
"""

import logging
import logging.config
import os
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

from app.config import Settings
from app.config_checks import PAYMENT_SECRETS
from app.lib.request_id import request_id

HIDDEN = "[hidden]"
MAX_MESSAGE = 500
"""Maximum characters of an exception's message."""
PRIVATE_NAMES = re.compile(
    r"password|secret|token|cookie|csrf|authorization|e_?mail|address|(^|_)(key|name|ip)$"
)
PRIVATE_TEXT = [
    (re.compile(r"\butsavam_[A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"\b(bearer|basic)\s+[^\s\"',]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\$argon2[^\s\"',]*,?[^\s\"']*"), HIDDEN),
    (re.compile(r"/tickets/[\w%-]{20,}"), f"/tickets/{HIDDEN}"),
    (re.compile(r"/gifts/[\w%]+-[\w%-]+"), f"/gifts/{HIDDEN}"),
    (re.compile(r"/sign-in/links/[\w%-]+"), f"/sign-in/links/{HIDDEN}"),
    (re.compile(r"://[^\s/@]+@"), f"://{HIDDEN}@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), HIDDEN),
    (re.compile(r"\?[^\s\"'?=]+=[^\s\"']*"), f"?{HIDDEN}"),
]
GUNICORN_REWRITES = [
    # It quotes what the client sent, and its address.
    (re.compile(r"Invalid request from ip=\S*: ([^:'\"]*)", re.DOTALL), r"Invalid request: \1"),
    # It contains the whole URL, with its query.
    (re.compile(r"Error handling request .*", re.DOTALL), "Error handling a request"),
]
CONTROL_ESCAPES = str.maketrans(
    {code: f"\\u{code:04x}" for code in (*range(32), 127, 0x85, 0x2028, 0x2029)}
)

log = logging.getLogger(__name__)


def set_up(settings: Settings) -> None:
    """Configure logging, and log uncaught exceptions too unless the format is text."""
    logging.config.dictConfig(config(settings))
    logging.captureWarnings(True)
    if not _is_text_format(settings):
        sys.excepthook = uncaught
        threading.excepthook = lambda fault: uncaught(
            fault.exc_type, fault.exc_value, fault.exc_traceback
        )


def uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """Log an uncaught exception, which would otherwise be printed as a bare traceback."""
    if issubclass(kind, KeyboardInterrupt) or error is None:
        sys.__excepthook__(kind, error or kind(), trace)
    else:
        log.critical("Nobody caught an error", exc_info=(kind, error, trace))


def config(settings: Settings) -> dict[str, Any]:
    """Return the `dictConfig` dictionary: all to standard error, our own loggers from INFO."""
    own_level = "WARNING" if settings.demo else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": lambda: formatter(settings, _is_text_format(settings))}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "app": {"level": own_level},
            "app.access": {"level": "INFO"},
            "gunicorn.error": {"level": own_level, "handlers": [], "propagate": True},
            # Its lines contain client addresses and whole URLs; ACCESS_LOG enables our own.
            "werkzeug": {"level": "WARNING"},
        },
    }


def formatter(settings: Settings, for_a_person: bool = False) -> logging.Formatter:
    """Return the formatter for all loggers: text lines for a person, JSON otherwise."""
    processors: list[Processor] = [
        ProcessorFormatter.remove_processors_meta,
        _add_request_id,
        _redact_gunicorn,
    ]
    if for_a_person:
        processors += [Guard(settings), _escape_controls, _console()]
    else:
        transformer = ExceptionDictTransformer(show_locals=False, max_frames=30)
        processors += [
            structlog.processors.ExceptionRenderer(transformer),
            Guard(settings),
            structlog.processors.JSONRenderer(),
        ]
    return ProcessorFormatter(
        processors=processors,
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )


class Guard:
    """Redacts secrets and personal data: a safety net, not a licence to log them.

    It can't recognise people's names; our own log calls never include them.
    """

    def __init__(self, settings: Settings) -> None:
        self._secrets = sorted(set(_secrets_of(settings)), key=len, reverse=True)

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        return {
            name: HIDDEN if _is_private(name) else self._cleaned(name, value)
            for name, value in event.items()
        }

    def _cleaned(self, name: str, value: Any) -> Any:
        if name == "exception" and isinstance(value, list):
            return [self._stack(stack) for stack in value]
        if name == "exc_info" or isinstance(value, int | float | None):
            return value
        return self.clean(str(value))

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for pattern, replacement in PRIVATE_TEXT:
            text = pattern.sub(replacement, text)
        return text

    def _stack(self, stack: dict[str, Any]) -> dict[str, Any]:
        """Redact a traceback and keep only the first line of its message.

        The lines after it hold PostgreSQL's details and parameters.
        """
        return {
            "type": stack["exc_type"],
            "message": self.clean(stack["exc_value"].partition("\n")[0][:MAX_MESSAGE]),
            "is_cause": stack["is_cause"],
            "frames": [f"{f['filename']}:{f['lineno']} {f['name']}" for f in stack["frames"]],
        }


def _is_private(name: str) -> bool:
    return name != "logger" and PRIVATE_NAMES.search(name.lower()) is not None


def _secrets_of(settings: Settings) -> Iterator[str]:
    yield from (
        key for key in (*settings.admin_key, *settings.signing_keys, settings.metrics_key) if key
    )
    yield from (secret for name in PAYMENT_SECRETS if (secret := getattr(settings, name)))
    for url in (settings.database_url, settings.redis_url):
        parts = urlsplit(url)
        words = [parts.password, *parse_qs(parts.query).get("sentinel_password", [])]
        yield from (form for word in words if word for form in (word, unquote(word)))


def _add_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    event["pid"] = os.getpid()
    if ident := request_id.get():
        event["request_id"] = ident
    return event


def _redact_gunicorn(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if event.get("logger") == "gunicorn.error":
        for pattern, replacement in GUNICORN_REWRITES:
            if found := pattern.match(event["event"]):
                event["event"] = found.expand(replacement).strip()
    return event


def _escape_controls(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Escape control characters, which could forge a line or move a terminal's cursor.

    JSON output needs no such step: the encoder escapes them.
    """
    return {
        name: value.translate(CONTROL_ESCAPES) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,
    )


def _is_text_format(settings: Settings) -> bool:
    if settings.log_format == "auto":
        return sys.stderr.isatty()
    return settings.log_format == "text"
