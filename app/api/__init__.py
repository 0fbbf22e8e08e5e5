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

MODULES = (
    *(health, events, bookings, users, admin_events, admin_images, admin_bookings),
    *(admin_operations, admin_reports, staff_keys),
)


def init_app(app: Flask) -> None:
    for module in MODULES:
        app.register_blueprint(module.blueprint, url_prefix="/api")
    openapi.init_app(app)
