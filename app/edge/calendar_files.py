"""Calendars as files that a browser opens in whatever keeps the visitor's calendar."""

from flask import Response


def calendar_file(name: str, content: bytes) -> Response:
    """An iCalendar file (RFC 5545) under this name, `.ics` included."""
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
