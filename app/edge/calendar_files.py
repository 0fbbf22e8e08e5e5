"""Calendar responses, which a browser opens in the visitor's calendar application."""

from flask import Response

from app.edge.downloads import disposition


def calendar_file(name: str, content: bytes) -> Response:
    """Return an iCalendar file (RFC 5545); `name` includes the `.ics`."""
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = disposition("inline", name)
    return response
