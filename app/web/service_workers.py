"""Service workers: scripts that answer for some pages where there is no network.

A worker may take over no more than the folder of its own address, so each is served from the
folder of its pages: `/tickets/worker.js` never sees an event's page. Another is added by a view
here, with its line in `app/edge/access.py`, and registered by its pages alone.
"""

from flask import Blueprint, Response, current_app, request

from app.edge.static_files import StaticFolder

blueprint = Blueprint("service_workers", __name__)


@blueprint.get("/bookings/worker.js")
def bookings() -> Response:
    """Tickets of an account."""
    return _worker("js/tickets-worker.js")


@blueprint.get("/tickets/worker.js")
def tickets() -> Response:
    """Tickets by their secret addresses: the same script."""
    return _worker("js/tickets-worker.js")


@blueprint.get("/door/worker.js")
def door() -> Response:
    """The pages of the door."""
    return _worker("js/door-worker.js")


def _worker(name: str) -> Response:
    """Return a script of `static/`, asked for again at each visit: an old one would answer for
    pages that have changed. Raises `FileNotFoundError` if there is none."""
    folder: StaticFolder = current_app.extensions["static_files"]
    found = folder.response(name, request.environ)
    if found is None:
        raise FileNotFoundError(name)
    found.headers["Cache-Control"] = "no-cache"
    return found
