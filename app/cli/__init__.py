"""Commands for operators; each exits non-zero on failure."""

from flask import Flask

from app.cli import backups, commands


def init_app(app: Flask) -> None:
    commands.init_app(app)
    backups.init_app(app)
