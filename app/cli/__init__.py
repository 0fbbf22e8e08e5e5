"""Operators' commands; each exits non-zero when it did not do its work."""

from flask import Flask

from app.cli import backups, commands


def init_app(app: Flask) -> None:
    commands.init_app(app)
    backups.init_app(app)
