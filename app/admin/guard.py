"""The admin pages' door."""

from flask import Blueprint, Response, request, url_for

from app.edge.htmx import Answer, go_to
from app.edge.visitor import current_admin


def behind_key(blueprint: Blueprint) -> None:
    """Let only organisers into every view of the blueprint, and keep its pages out of caches."""
    blueprint.before_request(_admit)
    blueprint.after_request(_never_stored)


def _admit() -> Answer | None:
    if current_admin():
        return None
    way_back = request.full_path.rstrip("?") if request.method == "GET" else None
    return go_to(url_for("admin_login.show", next=way_back))


def _never_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
