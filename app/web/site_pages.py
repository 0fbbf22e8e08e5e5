"""The operator's own pages: who sells here, on which terms, and what becomes of visitors' data."""

from pathlib import Path

from flask import Blueprint, render_template
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from app.edge.current import settings
from app.edge.htmx import Answer
from app.lib.text_files import text_of

blueprint = Blueprint("site_pages", __name__)


@blueprint.get("/organiser")
def organiser() -> Answer:
    """Who sells here and how to reach them. Raises `NotFound` where the operator says neither."""
    if not (settings().organiser_name or settings().contact_email):
        raise NotFound
    return render_template("pages/organiser.html")


@blueprint.get("/terms")
def terms() -> Answer:
    return _text_page(_("Terms"), settings().terms_page)


@blueprint.get("/privacy")
def privacy() -> Answer:
    return _text_page(_("Privacy"), settings().privacy_page)


def _text_page(title: str, source: str) -> Answer:
    """Show a Markdown file of the operator's; a page that is kept elsewhere has none here."""
    is_file = source and not source.startswith("https://")
    text = text_of(Path(source)) if is_file else None
    if text is None:
        raise NotFound
    return render_template("pages/site_text.html", title=title, text=text)
