"""Who booked and did not come, by name."""

from flask import render_template, request

from app.admin.guard import staff_pages
from app.edge.htmx import Answer
from app.services import no_shows

blueprint = staff_pages("admin_no_shows", __name__)


@blueprint.get("/events/<id:event_id>/no-shows")
def show(event_id: int) -> Answer:
    found = no_shows.list_no_shows(event_id, after=request.args.get("after"))
    return render_template("pages/admin/no_shows.html", found=found, event=found.event)
