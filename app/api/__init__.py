"""The JSON API, below `/api`; `app.edge.negotiation` hands it the bare addresses too.

It looks at headers only, never at cookies, and needs no CSRF token for that reason.
"""

from flask import Flask

from app.api import admin, analytics, body, bookings, events, health, openapi, users
from app.edge.extensions import csrf


def init_app(app: Flask) -> None:
    for module in (health, events, bookings, users, admin, analytics):
        blueprint = module.blueprint
        blueprint.before_request(body.require_json)
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix="/api")
    openapi.init_app(app)
