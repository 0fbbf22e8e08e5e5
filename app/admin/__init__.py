"""Pages for organisers, behind the admin key."""

from flask import Flask

from app.admin import audit, bookings, checks, console, dashboard, events, images, keys, login


def init_app(app: Flask) -> None:
    for module in (login, dashboard, events, console, images, bookings, audit, keys, checks):
        app.register_blueprint(module.blueprint, url_prefix="/admin")
    app.register_blueprint(keys.own, url_prefix="/admin")
