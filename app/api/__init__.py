"""The JSON API, below `/api`; `app.edge.negotiation` hands it the bare addresses too.

It looks at headers only, never at cookies.
"""

from flask import Flask

from app.api import (
    admin,
    analytics,
    bookings,
    event_desk,
    events,
    health,
    openapi,
    records,
    staff_keys,
    users,
)
from app.api.express import ExpressLane


def init_app(app: Flask) -> None:
    modules = (health, events, bookings, users, admin, event_desk, records, staff_keys, analytics)
    for module in modules:
        app.register_blueprint(module.blueprint, url_prefix="/api")
    app.register_blueprint(event_desk.images, url_prefix="/api")
    openapi.init_app(app)


def add_express_lane(app: Flask) -> None:
    """Before anything else wraps the application: the lane runs right before Flask."""
    app.wsgi_app = ExpressLane(app, app.wsgi_app)  # type: ignore[method-assign]
