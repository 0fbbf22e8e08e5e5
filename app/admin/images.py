"""An event's own picture: upload and removal, with whatever else its form holds."""

from flask_babel import gettext as _

from app.admin import event_saving
from app.admin.guard import staff_pages
from app.edge.htmx import Answer

blueprint = staff_pages("admin_images", __name__)


@blueprint.post("/events/<id:event_id>/image")
def upload(event_id: int) -> Answer:
    return event_saving.save(event_id, told=_("The picture is saved."), needs_file=True)


@blueprint.post("/events/<id:event_id>/image/removal")
def remove(event_id: int) -> Answer:
    told = _("The picture is removed; the event shows its poster again.")
    return event_saving.save(event_id, {"image_digest": None}, told)
