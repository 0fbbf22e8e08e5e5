"""The audit log: list, search and CSV export."""

import json
from collections.abc import Iterator

from flask import render_template, request

from app.admin.guard import staff_pages
from app.edge.current import settings
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.edge.security import an_id
from app.models import AuditEntry
from app.presenters.audit_words import audit_words
from app.services import audit, events

blueprint = staff_pages("admin_audit", __name__)

HEADER = (
    "id",
    "at",
    "actor",
    "action",
    "subject",
    "subject_id",
    "name",
    "before",
    "after",
    "words",
)


@blueprint.get("/audit")
def index() -> Answer:
    words, event_id = _words(), request.args.get("event", type=an_id)
    event = events.get_event(event_id, drafts=True) if event_id else None
    page = audit.list_entries(q=words, event_id=event_id, after=request.args.get("after"))
    zone, about = settings().zone, audit.events_of(page.items)
    return render_template(
        "pages/admin/audit.html",
        page=page,
        words=words,
        event=event,
        changes={entry.id: audit_words(entry, zone, about.get(entry.id)) for entry in page.items},
        raw={entry.id: _raw(entry) for entry in page.items},
    )


@blueprint.get("/audit.csv")
def export() -> Answer:
    event_id = request.args.get("event", type=an_id)
    if emails := audit.count_emails(_words(), event_id):
        event = events.get_event(event_id, drafts=True) if event_id else None
        audit.note_export("CSV of the audit log", emails, event)
    return csv_file("audit", HEADER, _rows(_words(), event_id))


def _words() -> str:
    return " ".join(request.args.get("q", "").split())[:100]


def _rows(words: str, event_id: int | None) -> Iterator[tuple[object, ...]]:
    zone = settings().zone
    for entry, event in audit.all_entries_with_events(words, event_id):
        yield (
            entry.id,
            entry.at,
            entry.actor,
            entry.action,
            entry.subject,
            entry.subject_id,
            entry.subject_name,
            _facts(entry.before),
            _facts(entry.after),
            "; ".join(map(str, audit_words(entry, zone, event))),
        )


def _raw(entry: AuditEntry) -> str:
    """The facts as they are recorded."""
    kept = {"before": entry.before, "after": entry.after}
    found = {side: facts for side, facts in kept.items() if facts}
    return json.dumps(found, ensure_ascii=False, indent=2) if found else ""


def _facts(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False) if facts else ""
