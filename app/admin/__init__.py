"""Pages for organisers, behind the admin key."""

from flask import Flask

from app.admin import audit, bookings, dashboard, events, images, keys, login


def init_app(app: Flask) -> None:
    for module in (login, dashboard, events, images, bookings, audit, keys):
        app.register_blueprint(module.blueprint, url_prefix="/admin")
    app.register_blueprint(keys.own, url_prefix="/admin")
