"""Checks for operators: the state of the site, reconciliation, and the demo's data."""

import time
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.edge.current import desk, settings
from app.edge.htmx import Answer, go_to, is_htmx
from app.operations import doctor, reconcile
from app.operations.reconcile import Finding
from app.services import demo

blueprint = staff_pages("admin_checks", __name__)

AT_ONCE = 200
"""Events checked between two looks at the clock."""
STEP, STEP_WITHOUT_SCRIPT = 0.5, 4.0
"""Seconds after which a step ends and reports its progress."""


@blueprint.get("/checks")
def show() -> Answer:
    return _page()


@blueprint.post("/checks/reconciliation")
def reconcile_next() -> Answer:
    """Run one step; the page requests the next by script, or by its button."""
    step = _step(_number("after"))
    if is_htmx():
        return render_template("fragments/reconciliation_step.html", step=step)
    return _page(step=step)


@blueprint.post("/checks/demo")
def seed() -> Answer:
    if not settings().demo:
        abort(404)
    seeded = demo.seed_demo(desk(), with_password=settings().demo)
    message = _(
        "%(created)d things made, %(present)d were there already.",
        created=len(seeded.created),
        present=len(seeded.present),
    )
    flash(message, "done")
    return go_to(url_for("admin_checks.show"))


def _step(after: int) -> dict[str, Any]:
    started, limit = time.monotonic(), STEP if is_htmx() else STEP_WITHOUT_SCRIPT
    checked, redis_answered = _number("checked"), True
    findings: list[Finding] = []
    while True:
        some = reconcile.reconcile_some(desk().gate, after=after, most=AT_ONCE)
        checked, redis_answered = checked + some.events, redis_answered and some.redis_answered
        findings += some.findings
        if some.last is None or time.monotonic() - started > limit:
            break
        after = some.last
    return {
        "checked": checked,
        "events": max(checked, reconcile.count_events()),
        "broken": _number("broken") + sum(finding.broken for finding in findings),
        "repaired": _number("repaired") + sum(f.stale and not f.broken for f in findings),
        "findings": findings,
        "redis_answered": redis_answered,
        "after": some.last,
    }


def _number(name: str) -> int:
    """A counter carried over from the step before; used for display only."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _page(**facts: Any) -> str:
    found = doctor.examine(settings(), desk().gate)
    return render_template(
        "pages/admin/checks.html",
        **{"checks": found, "demo": settings().demo, "step": None, **facts},
    )
