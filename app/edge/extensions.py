"""The Flask extensions that the edges share."""

from babel import Locale
from flask import Flask
from flask_babel import Babel
from flask_wtf import CSRFProtect

from app.config import Settings, is_web_worker
from app.db import db

babel = Babel()
csrf = CSRFProtect()


def init_app(app: Flask, settings: Settings) -> None:
    # Chosen here, since Flask-Babel reads its default anew at each request.
    locale = Locale.parse("en_IN")
    babel.init_app(app, default_locale=str(locale), locale_selector=lambda: locale)
    # The session's own life limits a token; an hour would lose the input of whoever took a break.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    if not is_web_worker():
        # Only commands migrate; a worker that takes another's place need not wait for it.
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(app.root_path) + "/migrations")
