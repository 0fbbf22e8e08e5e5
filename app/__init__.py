"""Utsavam sells seats for events: it never oversells, never loses a booking and never freezes."""

from datetime import timedelta
from pathlib import Path

from flask import Flask

from app.config import Settings

ROOT = Path(__file__).parents[1]


def create_app(settings: Settings | None = None) -> Flask:
    """Create the application, with the given settings or those of the environment."""
    # Imported here, because the package is also imported for its settings alone: the gunicorn
    # master must not load modules that its gevent workers have yet to monkey-patch.
    from app import admin, api, cli, db, request_stack, web
    from app.booking import connections, redis_client
    from app.booking.desk import BookingDesk
    from app.booking.gate import SeatGate
    from app.booking.live_stats import LiveStats
    from app.booking.redis_keys import names_of
    from app.edge import (
        access,
        error_handlers,
        extensions,
        refused_forms,
        request_metrics,
        security,
        session,
        templating,
    )
    from app.edge.application import Application
    from app.edge.rate_limiter import RateLimiter
    from app.edge.response_cache import ResponseCache
    from app.edge.static_files import StaticFolder
    from app.models.defaults import set_default_currency
    from app.models.event import set_default_length
    from app.services import accounts, lookups, payment_providers
    from app.services.catalogue import Catalogue
    from app.services.room_parts import room_parts

    settings = settings or Settings.load()
    app = Application(
        "app",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.extensions |= {"settings": settings, "static_files": StaticFolder(ROOT / "static")}

    db.init_app(
        app,
        settings,
        {
            connections.LEDGER: connections.ledger_options(settings),
            lookups.LOOKUPS: lookups.options(settings),
        },
    )
    connections.init_app(app)
    lookups.init_app(app, settings)
    redis = redis_client.connect(settings.redis_url, settings.redis_timeout_ms)
    names = names_of(app, redis)
    gate = SeatGate(redis, settings.redis_timeout_ms, names)
    desk = BookingDesk(gate, max_queue=settings.booking_queue_size)
    desk.live_stats = LiveStats(redis, lambda: desk.waiting, gate.snapshot, names)
    desk.keeps_journal = bool(settings.mail_url)
    app.extensions |= {
        "desk": desk,
        "redis": redis,
        "redis_keys": names,
        "catalogue": Catalogue(gate),
        "payment_providers": payment_providers.configured(settings),
        "response_cache": ResponseCache(),
        "rate_limiter": RateLimiter(settings, redis, names),
        **room_parts(app, settings, redis, names, desk),
    }
    accounts.share_core(settings.web_concurrency)
    set_default_length(timedelta(hours=settings.default_event_hours))
    set_default_currency(settings.default_currency)

    security.init_app(app, settings)
    extensions.init_app(app, settings)
    templating.init_app(app)
    error_handlers.init_app(app)
    refused_forms.init_app(app)

    web.init_app(app)
    admin.init_app(app)
    api.init_app(app)
    cli.init_app(app)
    access.init_app(app, users=session.admit, staff=admin.guard.admit, programs=api.callers.admit)
    request_stack.install(app, settings, request_metrics.init_app(app, settings))
    return app
