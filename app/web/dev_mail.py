"""The demo's mailbox: what its mail server has taken. Only in the demo; elsewhere there is none."""

import re
from base64 import b64encode

from flask import Blueprint, Response, make_response, render_template

from app.edge.current import settings
from app.edge.headers import never_stored
from app.edge.htmx import Answer
from app.errors import MailNotFound
from app.services import demo_mailbox

blueprint = Blueprint("dev_mail", __name__)
blueprint.after_request(never_stored)
LETTER_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
"""A letter brings its own style, as in a mail program, and loads nothing."""


@blueprint.get("/dev/mail")
def index() -> Answer:
    return render_template("pages/dev_mail.html", letters=demo_mailbox.letters(_folder()))


@blueprint.get("/dev/mail/<letter>")
def show(letter: str) -> Answer:
    found = demo_mailbox.letter(_folder(), letter)
    page = found.html
    for cid, picture in found.pictures.items():
        page = page.replace(f"cid:{cid}", f"data:image/png;base64,{b64encode(picture).decode()}")
    response = make_response(page)
    response.headers["Content-Security-Policy"] = LETTER_CSP
    return response


@blueprint.get("/dev/mail/<letter>/text")
def text(letter: str) -> Answer:
    return Response(demo_mailbox.letter(_folder(), letter).text, mimetype="text/plain")


@blueprint.get("/dev/mail/<letter>/files/<int:number>")
def attached(letter: str, number: int) -> Answer:
    files = demo_mailbox.letter(_folder(), letter).files
    if number >= len(files):
        raise MailNotFound(number)
    file = files[number]
    name = re.sub(r"[^\w.-]", "", file.name) or "file"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.content, mimetype=file.kind, headers=disposition)


def _folder() -> str:
    """Raises `MailNotFound` outside the demo."""
    if not settings().demo or not settings().demo_mailbox:
        raise MailNotFound
    return settings().demo_mailbox
