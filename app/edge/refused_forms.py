"""The answer to a refused form: why, and what was typed, ready to be sent again."""

import json
import logging
import re
from dataclasses import dataclass

from flask import Flask, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from app.edge.access import RULES, Who
from app.edge.error_handlers import headers_of, present, problem_response
from app.edge.forged_requests import Fault, FormRefused
from app.edge.htmx import go_to, is_htmx
from app.edge.session import current_admin, current_user
from app.presenters.problem_details import Problem

log = logging.getLogger(__name__)

TOKEN = "csrf_token"  # noqa: S105 - the field's name
SECRET = re.compile(r"(?:^|-)(?:password|current|key)$")
"""Fields that are typed again, as after every error: no page holds a password."""


@dataclass(frozen=True)
class Typed:
    """What a refused form held."""

    kept: list[tuple[str, str]]
    secrets: list[str]
    files: list[str]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What people typed or chose, without the form's own hidden marks."""
        hidden = {"idempotency_key", "next", "seen", "shown", "shown_refund"}
        return [(_words(name), text) for name, text in self.kept if text and name not in hidden]


def init_app(app: Flask) -> None:
    app.register_error_handler(FormRefused, answer)


def answer(error: FormRefused) -> Response:
    """Answer a refused form. A booking that can't be shown again keeps its seats."""
    is_foreign = error.fault is Fault.FOREIGN_ORIGIN
    log.log(
        logging.WARNING if is_foreign else logging.INFO,
        "Refused a form",
        extra={"reason": error.fault.value, "endpoint": request.endpoint},
    )
    problem = _problem(error)
    if request.endpoint == "checkout.create" and not (is_foreign or error.may_be_kept):
        # The event's page has a token now, since the browser has a session.
        flash(f"{problem.detail} {_('Please fill it in again.')}", "error")
        seats = request.form.get("seats", type=int)
        return go_to(url_for("checkout.begin", **(request.view_args or {}), seats=seats))
    if _accepts_json_only():
        return problem_response(problem)
    if is_htmx():
        return _banner(problem, error)
    return _page(problem) if error.may_be_kept else present(problem)


def _accepts_json_only() -> bool:
    """Whether a program sent the form, to an address that only pages have."""
    accepted = request.accept_mimetypes
    return not is_htmx() and bool(accepted.accept_json) and not accepted.accept_html


def _problem(error: FormRefused) -> Problem:
    title = _("Please send it again")
    if error.fault is Fault.FOREIGN_ORIGIN:
        title = _("Another site sent this")
    return Problem(400, "", title, _sentences()[error.fault], {"reason": error.fault.value})


def _page(problem: Problem) -> Response:
    """Show what was typed, in a form with a new token.

    Somebody who has to sign in first gets a form without one: sent before that, it comes back here
    and is not lost at the door.
    """
    sign_in = _where_to_sign_in()
    page = render_template(
        "pages/send_again.html",
        problem=problem,
        typed=_typed(),
        token=None if sign_in else generate_csrf(),
        sign_in=sign_in,
        address=request.full_path.rstrip("?"),
    )
    response = make_response(page, problem.status)
    response.headers.extend(headers_of(problem, json=False))
    return response


def _banner(problem: Problem, error: FormRefused) -> Response:
    """For HTMX: say why above the page, which keeps what was typed and gets a new token."""
    sign_in = _where_to_sign_in() if error.may_be_kept else None
    page = render_template(
        "fragments/send_again.html", problem=problem, kept=error.may_be_kept, sign_in=sign_in
    )
    response = make_response(page, problem.status)
    response.headers.extend(headers_of(problem, json=False))
    response.headers.update({"HX-Retarget": "#busy", "HX-Reswap": "innerHTML"})
    if error.may_be_kept and not sign_in:
        response.headers["HX-Trigger"] = json.dumps({"utsavam:token": {"token": generate_csrf()}})
    return response


def _typed() -> Typed:
    sent = [
        (name, text)
        for name, text in request.form.items(multi=True)
        if name != TOKEN and not name.endswith(f"-{TOKEN}")
    ]
    return Typed(
        kept=[(name, text) for name, text in sent if not SECRET.search(name)],
        secrets=[name for name, _text in sent if SECRET.search(name)],
        files=list(request.files),
    )


def _where_to_sign_in() -> str | None:
    """Return the page to sign in at, if the form needs somebody and nobody is signed in."""
    who = RULES.get(request.endpoint or "", Who.ANYONE)
    if who is Who.ANYONE:
        return None
    if who is Who.USER:
        return None if current_user() else url_for("sign_in.show")
    return None if current_admin() else url_for("admin_login.show")


def _words(name: str) -> str:
    """Return a field's name as words: `start_at` of the form `event-` is "Start at"."""
    return name.rpartition("-")[2].replace("_", " ").capitalize()


def _sentences() -> dict[Fault, str]:
    return {
        Fault.FOREIGN_ORIGIN: _(
            "A page of another site sent this form, so nothing was done. If you want it done, do "
            "it on our own pages."
        ),
        Fault.TOKEN_MISSING: _(
            "The form came without the mark that our pages put into it, so we did not take it."
        ),
        Fault.TOKEN_UNREADABLE: _(
            "The mark in this form is not one of ours: something has changed it on its way, or the "
            "page was loaded before this site changed its keys. We did not take it."
        ),
        Fault.TOKEN_TOO_OLD: _(
            "This page was loaded over a month ago, so we did not take the form."
        ),
        Fault.NO_COOKIE: _(
            "Your browser sent no cookie along, so we can't tell that the form is yours. Either it "
            "has forgotten it, or it blocks cookies; if this happens again, allow them here."
        ),
        Fault.OTHER_SESSION: _(
            "Since this page was loaded you have signed in or out, perhaps in another tab, so we "
            "did not take the form."
        ),
    }
