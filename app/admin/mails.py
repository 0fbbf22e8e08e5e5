"""Letters that reached nobody, for staff to send again."""

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.edge.htmx import Answer, go_to
from app.operations import mail_backlog
from app.presenters.letter_names import letter_name
from app.services import mails, outbox

blueprint = staff_pages("admin_mails", __name__)


@blueprint.get("/letters")
def index() -> Answer:
    return render_template(
        "pages/admin/mails.html",
        page=mails.list_given_up(after=request.args.get("after")),
        backlog=mail_backlog.backlog(),
        is_configured=outbox.is_configured(),
        letter_name=letter_name,
    )


@blueprint.post("/letters/<id:mail_id>/sending")
def send_again(mail_id: int) -> Answer:
    mails.send_again(mail_id)
    flash(_("The letter is sent again, as soon as may be."), "done")
    return go_to(url_for("admin_mails.index"))
