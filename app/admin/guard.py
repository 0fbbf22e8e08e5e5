"""The admin pages' door, and what their answers have in common."""

from flask import Blueprint, request, url_for

from app.edge.access import Who
from app.edge.headers import never_stored
from app.edge.htmx import Answer, go_to
from app.edge.session import current_admin
from app.errors import RoleTooLow
from app.models import Role
from app.services import audit


def admit(who: Who) -> Answer | None:
    """Let staff of at least this role in; what they change is written down under their name."""
    found = current_admin()
    if found is None:
        way_back = request.full_path.rstrip("?") if request.method == "GET" else None
        return go_to(url_for("admin_login.show", next=way_back))
    if not found.may(Role(who)):
        raise RoleTooLow(found.role)
    audit.act_as(found.name)
    return None


def staff_pages(name: str, module: str) -> Blueprint:
    """A part of the admin pages: no cache keeps them."""
    blueprint = Blueprint(name, module)
    blueprint.after_request(never_stored)
    return blueprint
