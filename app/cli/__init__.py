"""Commands for operators; each exits non-zero on failure."""

from flask import Flask

from app.cli import backups, commands, worker


def init_app(app: Flask) -> None:
    commands.init_app(app)
    backups.init_app(app)
    worker.init_app(app)
