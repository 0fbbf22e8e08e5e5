"""The JSON API, below `/api`; `app.edge.negotiation` hands it the bare addresses too.

It looks at headers only, never at cookies.
"""

from flask import Flask

from app.api import (
    admin_bookings,
    admin_events,
    admin_images,
    admin_operations,
    admin_reports,
    bookings,
    events,
    health,
    openapi,
    staff_keys,
    users,
)
from app.api.fast_path import FastPath

MODULES = (
    *(health, events, bookings, users, admin_events, admin_images, admin_bookings),
    *(admin_operations, admin_reports, staff_keys),
)


def init_app(app: Flask) -> None:
    for module in MODULES:
        app.register_blueprint(module.blueprint, url_prefix="/api")
    openapi.init_app(app)


def add_fast_path(app: Flask) -> None:
    """Before anything else wraps the application: the lane runs right before Flask."""
    app.wsgi_app = FastPath(app, app.wsgi_app)  # type: ignore[method-assign]
