"""The JSON API, below `/api`; `app.edge.negotiation` hands it the bare addresses too.

It looks at headers only, never at cookies.
"""

from flask import Flask

from app.api import admin, analytics, bookings, events, health, openapi, users


def init_app(app: Flask) -> None:
    for module in (health, events, bookings, users, admin, analytics):
        app.register_blueprint(module.blueprint, url_prefix="/api")
    openapi.init_app(app)
