"""Access control of the admin pages, and the blueprints that they share."""

from flask import Blueprint, request, url_for

from app.edge.access import Who
from app.edge.headers import never_stored
from app.edge.htmx import Answer, go_to
from app.edge.session import current_admin
from app.errors import RoleTooLow
from app.models import Permission
from app.models.staff_scope import act_within
from app.services import audit


def admit(who: Who) -> Answer | None:
    """Require staff with this permission, and record their changes under their name.

    Returns a redirect to the login if nobody is signed in. Raises `RoleTooLow`.
    """
    found = current_admin()
    if found is None:
        way_back = request.full_path.rstrip("?") if request.method == "GET" else None
        return go_to(url_for("admin_login.show", next=way_back))
    if not found.may(Permission(who)):
        raise RoleTooLow(found.role)
    audit.act_as(found.name)
    act_within(found.scope)
    return None


def staff_pages(name: str, module: str) -> Blueprint:
    """Create a blueprint of admin pages, which are never stored in caches."""
    blueprint = Blueprint(name, module)
    blueprint.after_request(never_stored)
    return blueprint
