"""The admin pages' door."""

from flask import Blueprint, Response, request, url_for

from app.edge.htmx import Answer, go_to
from app.edge.visitor import current_admin
from app.errors import RoleTooLow
from app.models import Role
from app.services import audit

READS = {"GET", "HEAD", "OPTIONS"}


def behind_key(
    blueprint: Blueprint, *, reads: Role = Role.VIEWER, writes: Role | None = None
) -> None:
    """Let only staff into the blueprint's views: `reads` and above look; `writes` and above
    change, else organisers, and where only owners look, owners. Its pages are kept out of caches.
    """
    writes = writes or max(reads, Role.ORGANISER, key=list(Role).index)

    def admit() -> Answer | None:
        found = current_admin()
        if found is None:
            way_back = request.full_path.rstrip("?") if request.method == "GET" else None
            return go_to(url_for("admin_login.show", next=way_back))
        if not found.may(reads if request.method in READS else writes):
            raise RoleTooLow(found.role)
        audit.act_as(found.name)
        return None

    blueprint.before_request(admit)
    blueprint.after_request(_never_stored)


def _never_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
