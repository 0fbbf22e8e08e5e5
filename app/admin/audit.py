"""The audit log: list, search and CSV export."""

import json
from collections.abc import Iterator

from flask import render_template, request

from app.admin.guard import staff_pages
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.edge.security import an_id
from app.services import audit, events

blueprint = staff_pages("admin_audit", __name__)

HEADER = ("id", "at", "actor", "action", "subject", "subject_id", "name", "before", "after")


@blueprint.get("/audit")
def index() -> Answer:
    words, event_id = _words(), request.args.get("event", type=an_id)
    event = events.get_event(event_id, drafts=True) if event_id else None
    page = audit.list_entries(
        q=words,
        subject="event" if event else "",
        subject_id=event_id,
        after=request.args.get("after"),
    )
    return render_template("pages/admin/audit.html", page=page, words=words, event=event)


@blueprint.get("/audit.csv")
def export() -> Answer:
    return csv_file("audit", HEADER, _rows(_words()))


def _words() -> str:
    return " ".join(request.args.get("q", "").split())[:100]


def _rows(words: str) -> Iterator[tuple[object, ...]]:
    for entry in audit.all_entries(words):
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
        )


def _facts(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False) if facts else ""
