"""An event's own picture: upload and removal."""

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.event_form import EventForm
from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.htmx import Answer, go_to
from app.errors import InvalidField
from app.services import event_images, events

blueprint = staff_pages("admin_images", __name__)


@blueprint.post("/events/<id:event_id>/image")
def upload(event_id: int) -> Answer:
    file = request.files.get("image")
    if file is None or not file.filename:
        return _refused(event_id, _("Choose a file first."))
    try:
        event_images.set_image(event_id, file.read(), desk())
    except InvalidField as error:
        return _refused(event_id, _("The file %(message)s.", message=error.message))
    flash(_("The picture is saved."), "done")
    return go_to(url_for("admin_events.edit", event_id=event_id))


@blueprint.post("/events/<id:event_id>/image/removal")
def remove(event_id: int) -> Answer:
    event_images.remove_image(event_id, desk())
    flash(_("The picture is removed; the event shows its poster again."), "done")
    return go_to(url_for("admin_events.edit", event_id=event_id))


def _refused(event_id: int, message: str) -> Response:
    event = events.get_event(event_id, drafts=True)
    page = render_template(
        "pages/admin/event_form.html", form=EventForm.of(event), event=event, image_error=message
    )
    return make_response(page, 422)
