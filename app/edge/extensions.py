"""The Flask extensions that the edges share."""

from typing import Any

from babel import Locale
from flask import Flask, g
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.config import Settings, is_web_worker
from app.db import db


class RouteLimiter(Limiter):
    """Limits stand at the routes that have them; no other request asks or keeps anything."""

    _untouched: Any = None

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if not in_middleware:
            g.limited = True
            super()._check_request_limit(callable_name, in_middleware)

    @property
    def context(self) -> Any:
        """What the request's limits found; requests without any share one that stays empty."""
        if "limited" in g:
            return super().context
        if self._untouched is None:
            self._untouched = super().context
        return self._untouched


babel = Babel()
csrf = CSRFProtect()
limiter = RouteLimiter(key_func=get_remote_address, headers_enabled=True)


def init_app(app: Flask, settings: Settings) -> None:
    # Chosen here, since Flask-Babel reads its default anew at each request.
    locale = Locale.parse("en_IN")
    babel.init_app(app, default_locale=str(locale), locale_selector=lambda: locale)
    # The session's own life limits a token; an hour would lose the input of whoever took a break.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_STORAGE_OPTIONS={
            "socket_timeout": settings.redis_timeout_ms / 1000,
            "socket_connect_timeout": settings.redis_timeout_ms / 1000,
            "retry": Retry(NoBackoff(), 0),
        },
        RATELIMIT_KEY_PREFIX="utsavam",
        # Without Redis each process counts by itself: looser, never open.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
    )
    limiter.init_app(app)
    if not is_web_worker():
        # Only commands migrate; a worker that takes another's place need not wait for it.
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(app.root_path) + "/migrations")
