"""An event's history: edits, pictures, holds, pauses, bookings by staff, and files taken along."""

import csv
import io
import re

import pytest

from app.services import audit
from tests.web.test_event_states import FORM


@pytest.fixture
def history(organiser, make_event, make_user, make_booking):
    """An event at which much was done, beside another one."""
    event, other = make_event(name="Tech Talk", capacity=50), make_event(name="Other Night")
    for each in (event, other):
        make_booking(each, user=make_user(name="Meena"), seats=2)
    organiser.post(f"/admin/events/{event.id}/edit", {**FORM, "price": "549"})
    guest = {"email": "ravi@example.com", "name": "Ravi", "seats": "1", "idempotency_key": "k" * 20}
    organiser.post(f"/admin/events/{event.id}/bookings", guest)
    organiser.post(f"/admin/events/{event.id}/pause")
    organiser.post(f"/admin/events/{event.id}/held-seats", {"seats": "3", "seen": "0"})
    organiser.post("/admin/bookings/1/cancellation", {"had": "2", "give": "1"})
    organiser.get(f"/admin/bookings.csv?event={event.id}")
    organiser.post(f"/admin/events/{other.id}/pause")
    return event


def test_a_history_has_everything_about_its_event_and_nothing_of_others(organiser, history):
    page = organiser.get(f"/admin/audit?event={history.id}").text
    for label in ("Event changed", "Booked for a guest", "Seats given back", "taken along"):
        assert label in page
    text = re.sub(r"<[^>]+>", "", page)
    assert "price ₹0 → ₹549" in text
    assert "sales paused no → yes" in text
    assert "seats held back 0 → 3" in text
    assert "file CSV" in text
    assert "rows 3" in text
    assert "Other Night" not in page
    assert "&#34;price_minor&#34;: 54900" in page, "what was recorded can be looked at"
    file = organiser.get(f"/admin/audit.csv?event={history.id}").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert len(rows) == 7
    assert "CSV of the audit log" in rows[6]["words"], "a file with guests' emails tells of itself"
    assert "price ₹0 → ₹549" in rows[0]["words"]
    assert '"price_minor": 54900' in rows[0]["after"]


def test_whoever_takes_guests_data_along_is_named_with_how_many_rows(
    organiser, history, client, admin, sql
):
    sql_exports = (
        "SELECT actor, subject, subject_id, after->>'file', (after->>'rows')::int"
        " FROM audit_entries WHERE action = 'guests.exported' ORDER BY id DESC LIMIT 1"
    )
    event = ("event", history.id)
    for path, subject, file, rows in (
        (f"/admin/bookings.csv?event={history.id}", event, "CSV", 3),
        (f"/admin/bookings.xlsx?event={history.id}&status=confirmed", event, "Excel", 2),
        ("/admin/bookings.csv?q=ravi", ("", None), "CSV", 1),
        ("/admin/refunds.csv", ("", None), "CSV", 0),
    ):
        organiser.get(path).get_data()
        assert sql(sql_exports) == [("ADMIN_KEY", *subject, file, rows)], path
    for path, subject, rows in (
        (f"/api/admin/events/{history.id}/bookings", event, 3),
        (f"/api/admin/bookings?event_id={history.id}&limit=2", event, 2),
        ("/api/admin/bookings", ("", None), 4),
        ("/api/admin/users", ("", None), 3),
    ):
        assert len(client.get(path, headers=admin).json) == rows
        assert sql(sql_exports) == [("ADMIN_KEY", *subject, "API", rows)], path


def test_a_list_is_handed_out_though_the_database_takes_no_writes(
    organiser, history, monkeypatch, caplog
):
    def refuse(*_args, **_facts):
        raise audit.OutcomeUnknown

    monkeypatch.setattr(audit, "record", refuse)
    assert "Ravi" in organiser.get(f"/admin/bookings.csv?event={history.id}").text
    assert "An export was not recorded" in caplog.text
