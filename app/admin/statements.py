"""A bank's statement: what its lines pay, shown first, and marked then."""

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.htmx import Answer, go_to
from app.lib.bank_statements import BadStatement, StatementLine, read_statement
from app.models import Event
from app.presenters.statement_words import refusal
from app.services import events, statements

blueprint = staff_pages("admin_statements", __name__)


@blueprint.get("/events/<id:event_id>/statement")
def ask(event_id: int) -> Answer:
    return _page(events.get_event(event_id, drafts=True))


@blueprint.post("/events/<id:event_id>/statement")
def show(event_id: int) -> Answer:
    """Show what the lines of the file would mark."""
    event = events.get_event(event_id, drafts=True)
    file = request.files.get("statement")
    content = file.read() if file else b""
    try:
        lines = _lines(content, event)
    except BadStatement as error:
        return _page(event, refusal(error), 422)
    found = statements.match_lines(event_id, lines)
    page = render_template(
        "pages/admin/statement_lines.html",
        event=event,
        found=found,
        fitting=sum(one.received is not None for one in found),
        text=content.decode("utf-8-sig"),
    )
    return make_response(page)


@blueprint.post("/events/<id:event_id>/statement/marked")
def mark(event_id: int) -> Answer:
    """Mark what the chosen lines pay. The file's text comes along, and is matched once more."""
    event = events.get_event(event_id, drafts=True)
    try:
        lines = _lines(request.form.get("text", "").encode(), event)
    except BadStatement as error:
        return _page(event, refusal(error), 422)
    chosen = {int(one) for one in request.form.getlist("line") if one.isdecimal() and len(one) < 9}
    marked = statements.mark_lines(desk(), event_id, lines, chosen)
    paid = sum(one.is_paid for one in marked)
    flash(ngettext("%(num)d payment is marked.", "%(num)d payments are marked.", paid), "done")
    if others := [str(one.line.number) for one in marked if not one.is_paid]:
        flash(_("Look at these lines by hand: %(lines)s.", lines=", ".join(others)), "error")
    return go_to(url_for("admin_payments.index", event_id=event_id))


def _lines(content: bytes, event: Event) -> list[StatementLine]:
    return read_statement(content, event.currency)


def _page(event: Event, error: str = "", status: int = 200) -> Response:
    page = render_template("pages/admin/statement.html", event=event, error=error)
    return make_response(page, status)
