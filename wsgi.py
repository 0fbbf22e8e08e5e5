"""The WSGI entry: `gunicorn wsgi:app`. Refuses to serve with weak settings."""

import sys

from app import create_app
from app.config import Settings, WeakSettings, runs_a_command

settings = Settings.load()
if not runs_a_command():
    try:
        settings.require_strong()
    except WeakSettings as error:
        sys.exit("\n".join(f"utsavam: {problem}" for problem in error.problems))

app = create_app(settings)
