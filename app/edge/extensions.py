"""The Flask extensions shared by the web pages, the admin pages and the API."""

from babel import Locale
from flask import Flask
from flask_babel import Babel

from app.config import Settings, is_web_worker
from app.db import db
from app.edge.forged_requests import FormGuard

babel = Babel()
csrf = FormGuard()


def init_app(app: Flask, settings: Settings) -> None:
    # Parsed once here: Flask-Babel would parse its default locale on every request.
    locale = Locale.parse("en_IN")
    babel.init_app(app, default_locale=str(locale), locale_selector=lambda: locale)
    # A token lives as long as its session. With the default of an hour, a visitor who took a break
    # would lose their input.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    if not is_web_worker():
        # Only commands migrate; a web worker starts faster without the import.
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(app.root_path) + "/migrations")
