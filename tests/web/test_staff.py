"""Staff keys: who holds which role may do what, and every change is written down under a name."""

import csv
import io
import json
import re

import psycopg
import pytest

from app.models import Role
from app.services import audit, staff
from tests.web.conftest import Visitor


@pytest.fixture
def member(app, desk):
    """`member("asha", "viewer")`: a browser logged in with a key of that role, and the key."""

    def make(name, role):
        with app.app_context():
            _key, secret = staff.create_key(name, Role(role))
        visitor = Visitor(app)
        assert visitor.log_in(secret).status_code == 303
        visitor.key = secret
        return visitor

    return make


@pytest.fixture
def event(make_event):
    return make_event(name="Tech Talk", capacity=50)


EVENT_FORM = {
    "name": "Renamed",
    "start_at": "2031-03-04T07:00",
    "capacity": "80",
    "time_zone": "Asia/Kolkata",
    "status": "published",
}
PAGES = ["/admin/events", "/admin/bookings", "/admin/bookings.csv", "/admin/audit", "/admin/keys"]
CHANGES = [
    ("/admin/events", EVENT_FORM),
    ("/admin/events/1/edit", EVENT_FORM),
    (
        "/admin/events/1/bookings",
        {"email": "g@example.com", "seats": "1", "idempotency_key": "k" * 10},
    ),
    ("/admin/bookings/1/cancellation", {}),
    ("/admin/events/1/image/removal", {}),
    ("/admin/events/1/deletion", {}),
    ("/admin/keys", {"name": "another", "role": "viewer"}),
]


@pytest.mark.parametrize(
    ("role", "reads", "writes"), [("viewer", 4, 0), ("organiser", 4, 6), ("owner", 5, 7)]
)
def test_each_role_may_do_what_is_its_own_and_no_more(
    member, event, make_booking, role, reads, writes
):
    make_booking(event)
    visitor = member("asha", role)
    answers = [visitor.get(path).status_code for path in PAGES]
    assert answers == [200] * reads + [403] * (len(PAGES) - reads)
    answers = [visitor.post(path, form).status_code for path, form in CHANGES]
    assert [status in {201, 303} for status in answers] == [n < writes for n in range(len(CHANGES))]
    assert set(answers[writes:]) <= {403}


def test_a_revoked_key_opens_nothing_and_its_browsers_are_logged_out(member, organiser, client):
    asha = member("asha", "organiser")
    assert asha.get("/admin/events").status_code == 200
    organiser.post("/admin/keys/1/revocation")
    assert asha.get("/admin/events").status_code == 303
    assert asha.log_in(asha.key).status_code == 422
    answer = client.get("/admin/analytics", headers={"X-Admin-Key": asha.key})
    assert answer.status_code == 401


def test_logging_out_everywhere_ends_the_other_browsers_of_this_key_alone(app, member):
    first, other = member("asha", "viewer"), member("bela", "viewer")
    second = Visitor(app)
    second.log_in(first.key)
    first.post("/admin/sign-outs")
    assert [v.get("/admin/events").status_code for v in (first, second, other)] == [303, 303, 200]


@pytest.mark.parametrize("role", ["viewer", "owner"])
def test_logging_out_everywhere_says_that_the_key_goes_on_or_ends_it(member, client, sql, role):
    first, other = member("asha", role), member("bela", role)
    assert "but not your key: it is still valid" in first.get("/admin/audit").text
    page = first.post("/admin/sign-outs", follow_redirects=True).text
    assert "The key of asha is still valid, here and in the API." in page
    assert first.log_in(first.key).status_code == 303
    page = first.post("/admin/sign-outs", {"end_key": "y"}, follow_redirects=True).text
    assert "The key of asha opens nothing any more." in page
    assert first.log_in(first.key).status_code == 422
    answer = client.get("/admin/analytics", headers={"X-Admin-Key": first.key})
    assert answer.status_code == 401
    assert other.get("/admin/events").status_code == 200
    told = sql("SELECT actor, subject_name FROM audit_entries WHERE action = 'key.revoked'")
    assert told == [("asha", "asha")]


def test_the_operators_key_can_not_be_ended_on_a_page(organiser, settings):
    page = organiser.get("/admin/keys").text
    assert "but not ADMIN_KEY: it is still valid" in page
    assert "end_key" not in page
    page = organiser.post("/admin/sign-outs", {"end_key": "y"}, follow_redirects=True).text
    assert "ADMIN_KEY itself is still valid" in page
    assert organiser.log_in(settings.admin_key[0]).status_code == 303


def test_a_key_is_shown_once_kept_as_a_digest_and_named_once(organiser, sql):
    page = organiser.post("/admin/keys", {"name": "Asha", "role": "viewer"})
    assert page.status_code == 201
    secret = page.text.partition('<code class="secret" id="secret">')[2].partition("<")[0]
    assert secret.startswith("utsavam_staff_")
    assert secret not in organiser.get("/admin/keys").text
    assert secret not in str(sql("SELECT * FROM staff_keys"))
    again = organiser.post("/admin/keys", {"name": "asha", "role": "owner"})
    assert again.status_code == 422
    assert "Another key has this name" in again.text


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("viewer", "get", "/admin/analytics", 200),
        ("viewer", "get", "/admin/events/1/bookings", 200),
        ("viewer", "put", "/admin/events/1", 403),
        ("viewer", "post", "/bookings", 403),
        ("viewer", "delete", "/bookings/1", 403),
        ("organiser", "put", "/admin/events/1", 200),
        ("organiser", "post", "/bookings", 201),
    ],
)
def test_the_api_takes_staff_keys_and_keeps_to_their_roles(
    client, member, event, make_user, role, method, path, status
):
    headers = {"X-Admin-Key": member("asha", role).key}
    body = {"capacity": 60} if method == "put" else {"event_id": 1, "user_id": make_user().id}
    facts = {"json": body} if method in {"put", "post"} else {}
    assert getattr(client, method)(path, headers=headers, **facts).status_code == status


def test_what_staff_changes_is_written_down_with_before_and_after(member, event, sql):
    asha = member("asha", "organiser")
    asha.post("/admin/events/1/edit", {**EVENT_FORM, "name": "Renamed"})
    ((actor, action, name, before, after),) = sql(
        "SELECT actor, action, subject_name, before, after FROM audit_entries"
        " WHERE subject = 'event'"
    )
    assert (actor, action, name) == ("asha", "event.updated", "Renamed")
    assert (before["name"], after["name"]) == ("Tech Talk", "Renamed")
    assert (before["capacity"], after["capacity"]) == (50, 80)
    assert "venue" in before  # it was emptied by the form
    assert "seats_available" not in after
    page = asha.get("/admin/audit?q=renamed+asha").text
    assert "<del>Tech Talk</del>" in page
    assert "No entries match" in asha.get("/admin/audit?q=bela").text


def test_each_kind_of_change_is_attributed(member, event, make_booking, sql):
    make_booking(event, seats=3)
    asha = member("asha", "owner")
    asha.post("/admin/events", EVENT_FORM)
    asha.post("/admin/bookings/1/cancellation", {"had": "3", "give": "1"})
    asha.post(
        "/admin/events/1/bookings",
        {"email": "g@example.com", "seats": "2", "idempotency_key": "k" * 10},
    )
    asha.post("/admin/keys", {"name": "bela", "role": "viewer"})
    asha.post("/admin/keys/2/revocation")
    asha.post("/admin/events/1/deletion")
    rows = sql("SELECT actor, action FROM audit_entries ORDER BY id")
    assert rows == [
        ("asha", "event.created"),
        ("asha", "booking.cancelled"),
        ("asha", "booking.made"),
        ("asha", "key.created"),
        ("asha", "key.revoked"),
        ("asha", "event.deleted"),
    ]


def test_the_operators_own_key_has_a_name_too(organiser, event, sql):
    organiser.post("/admin/events/1/deletion")
    assert sql("SELECT actor FROM audit_entries") == [("ADMIN_KEY",)]


def test_what_people_do_with_their_own_bookings_is_no_staffs_action(
    signed_in, alice, event, make_booking, sql
):
    booking = make_booking(event, user=alice)
    signed_in.post(f"/bookings/{booking.id}/cancellation")
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]


def test_what_failed_is_not_written_down(member, event, make_booking, sql):
    make_booking(event, seats=20)
    asha = member("asha", "organiser")
    answer = asha.post("/admin/events/1/edit", {**EVENT_FORM, "capacity": "10"})
    assert answer.status_code == 422
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
def test_line_12_the_database_refuses_to_change_the_log(organiser, event, sql, statement):
    organiser.post("/admin/events/1/deletion")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        sql(statement)
    assert sql("SELECT count(*) FROM audit_entries") == [(1,)]


def test_the_log_is_taken_along_as_csv(organiser, event):
    organiser.post("/admin/events/1/edit", {**EVENT_FORM, "name": "=1+1"})
    answer = organiser.get("/admin/audit.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["actor"], row["action"], row["name"]) == ("ADMIN_KEY", "event.updated", "'=1+1")
    assert json.loads(row["after"])["capacity"] == 80


def test_a_log_of_any_length_is_read_a_batch_at_a_time(organiser, event, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 2)
    for capacity in range(60, 65):
        organiser.post("/admin/events/1/edit", {**EVENT_FORM, "capacity": str(capacity)})
    lines = organiser.get("/admin/audit.csv").text.strip().splitlines()
    assert len(lines) == 1 + 5


@pytest.mark.long
def test_a_page_of_the_log_leads_to_the_next(organiser, factories, desk, app):
    for number in range(60):
        factories.event(name=f"E{number}")
    for number in range(60):
        organiser.post(f"/admin/events/{number + 1}/deletion")
    seen, address = [], "/admin/audit"
    while address:
        page = organiser.get(address).text
        seen += re.findall(r'<td dir="auto">(E\d+)</td>', page)
        more = re.search(r'href="([^"]+after=[^"]+)"', page)
        address = more and more[1].replace("&amp;", "&")
    assert seen == [f"E{number}" for number in reversed(range(60))]


def test_an_owner_limits_a_key_to_events_to_a_day_and_lets_a_viewer_see_emails(
    organiser, event, sql, settings
):
    form = {"name": "Door", "role": "viewer", "event_ids": str(event.id), "last_day": "2099-12-05"}
    page = organiser.post("/admin/keys", {**form, "sees_emails": "y"}).text
    assert "only Tech Talk" in re.sub(r"\s+", " ", page)
    assert "sees emails" in page
    ((ids, emails, until),) = sql("SELECT event_ids, sees_emails, expires_at FROM staff_keys")
    assert (ids, emails) == ([event.id], True)
    assert until.astimezone(settings.zone).isoformat() == "2099-12-06T00:00:00+05:30"
    told = organiser.get("/admin/audit?q=key").text
    assert "only events</strong> <ins>1</ins>" in told


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"role": "owner", "event_ids": "1"}, "An owner can&#39;t be limited"),
        ({"last_day": "2020-01-01"}, "Choose a day from today on."),
        ({"last_day": "9999-12-31"}, "Choose a day from today on."),
        ({"event_ids": "999"}, "valid choice"),
    ],
)
def test_a_limit_that_can_not_be_is_refused(organiser, event, sql, facts, said):
    answer = organiser.post("/admin/keys", {"name": "Door", "role": "viewer", **facts})
    assert answer.status_code == 422
    assert said in answer.text
    assert sql("SELECT count(*) FROM staff_keys") == [(0,)]


def test_a_key_that_has_expired_leaves_its_name_to_another(organiser, sql):
    form = {"name": "Asha", "role": "viewer"}
    assert organiser.post("/admin/keys", form).status_code == 201
    assert organiser.post("/admin/keys", {**form, "name": "asha"}).status_code == 422
    sql("UPDATE staff_keys SET expires_at = now()")
    assert organiser.post("/admin/keys", {**form, "name": "asha"}).status_code == 201
    assert sql("SELECT name FROM staff_keys WHERE revoked_at IS NULL") == [("asha",)]
    told = sql("SELECT before ->> 'name' FROM audit_entries WHERE action = 'key.revoked'")
    assert told == [("Asha",)]
