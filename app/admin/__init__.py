"""Pages for organisers, behind the admin key."""

from flask import Flask

from app.admin import events, images, login


def init_app(app: Flask) -> None:
    for module in (login, events, images):
        app.register_blueprint(module.blueprint, url_prefix="/admin")
