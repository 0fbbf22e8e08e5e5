"""Utsavam sells seats for events: never oversells, never loses a booking, never freezes."""

from pathlib import Path

from flask import Flask

from app.config import Settings

ROOT = Path(__file__).parents[1]


def create_app(settings: Settings | None = None) -> Flask:
    """The application, from settings given or read from the environment."""
    # Imported here, since the package is also imported by those who want its settings only: the
    # gunicorn master must not load what its gevent workers are yet to patch.
    from app import admin, api, cli, cli_backup, db, web
    from app.booking import connections
    from app.booking.desk import BookingDesk
    from app.booking.gate import SeatGate, connect
    from app.booking.names import names_of
    from app.booking.pulse import Pulse
    from app.edge import (
        access,
        extensions,
        http_errors,
        metering,
        negotiation,
        request_ids,
        security,
        templating,
        visitor,
    )
    from app.edge.application import Application
    from app.edge.limiter import Limiter
    from app.edge.memo import Memo
    from app.services import accounts
    from app.services.catalogue import Catalogue

    settings = settings or Settings.load()
    app = Application(
        "app",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.extensions["utsavam"] = settings

    db.init_app(app, settings, {connections.LEDGER: connections.ledger_options(settings)})
    connections.init_app(app)
    extensions.init_app(app, settings)
    redis = connect(settings.redis_url, settings.redis_timeout_ms)
    names = names_of(app, redis)
    gate = SeatGate(redis, settings.redis_timeout_ms, names)
    desk = BookingDesk(gate, room=settings.desk_room)
    desk.pulse = Pulse(redis, lambda: desk.waiting, gate.look, names)
    app.extensions["desk"] = desk
    app.extensions["redis"], app.extensions["names"] = redis, names
    app.extensions["catalogue"] = Catalogue(gate)
    app.extensions["memo"] = Memo()
    app.extensions["limiter"] = Limiter(settings, redis, names)
    accounts.share_core(settings.web_concurrency)

    api.add_express_lane(app)
    security.init_app(app, settings)
    templating.init_app(app)
    http_errors.init_app(app)

    web.init_app(app)
    admin.init_app(app)
    api.init_app(app)
    cli.init_app(app)
    cli_backup.init_app(app)
    negotiation.init_app(app)
    access.init_app(app, users=visitor.admit, staff=admin.guard.admit, programs=api.callers.admit)
    metering.init_app(app, settings)
    request_ids.init_app(app, settings)
    return app
