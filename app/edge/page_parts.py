"""The parts around each page's content, rendered once for each address and kind of visitor."""

from flask import current_app, g, render_template, request
from markupsafe import Markup

from app.edge.page_marks import Mark
from app.edge.personal_pieces import is_shared, visitor_name, visitor_person
from app.edge.session import current_user


def page_part(name: str) -> Markup:
    """Return `templates/page_parts/<name>.html`, with the visitor's name in it.

    It depends on the settings, the address, and on whether somebody is signed in.
    """
    known: dict[tuple[object, ...], str] = current_app.extensions["page_parts"]
    key = (name, request.root_path, request.endpoint, current_user() is not None)
    if key not in known:
        known[key] = _rendered(name)
    text = known[key]
    if Mark.NAME.value in text:
        text = text.replace(Mark.NAME.value, visitor_name())
    if Mark.PERSON.value in text:
        text = text.replace(Mark.PERSON.value, visitor_person())
    return Markup(text)  # noqa: S704 - rendered from our template


def _rendered(name: str) -> str:
    before, g.is_shared = is_shared(), True
    try:
        return render_template(f"page_parts/{name}.html").strip()
    finally:
        g.is_shared = before
