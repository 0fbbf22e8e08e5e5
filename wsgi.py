"""WSGI entry point: `gunicorn wsgi:app`. Refuses to serve with weak settings."""

import sys

from app import create_app, logs
from app.config import Settings, WeakSettings, runs_a_command

try:
    settings = Settings.load()
    if not runs_a_command():
        settings.require_strong()
except WeakSettings as error:
    sys.exit(error.message)

logs.set_up(settings)
app = create_app(settings)
