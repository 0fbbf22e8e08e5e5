"""Everything that organisers do on the pages, a program can do too."""

import io
import time

import pytest
from PIL import Image

from app.lib.images import MAX_BYTES
from tests.api.conftest import Caller


@pytest.fixture
def as_staff(organiser, client, prefix):
    """A program with a staff key of this role."""

    def make(role):
        made = organiser.post("/admin/keys", {"name": f"{role} key", "role": role})
        return Caller(client, prefix, {"X-Admin-Key": made.json["key"]})

    return make


def test_a_staff_key_is_told_once_works_and_is_revoked(organiser, client, prefix, problem):
    made = organiser.post("/admin/keys", {"name": "Asha", "role": "organiser"})
    assert made.status_code == 201
    asha = Caller(client, prefix, {"X-Admin-Key": made.json["key"]})
    assert asha.get("/admin/users").status_code == 200
    (listed,) = organiser.get("/admin/keys").json
    assert (listed["name"], listed["last_four"]) == ("Asha", made.json["key"][-4:])
    assert "key" not in listed
    assert organiser.delete(f"/admin/keys/{listed['id']}").status_code == 204
    assert organiser.get("/admin/keys").json == []
    problem(asha.get("/admin/users"), 401)
    problem(organiser.delete("/admin/keys/999"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "role": "viewer"}, "name"),
        ({"name": "x" * 61, "role": "viewer"}, "name"),
        ({"name": "Ravi", "role": "king"}, "role"),
        ({"name": "Taken", "role": "viewer"}, "name"),
    ],
)
def test_a_staff_key_that_can_not_be_made_says_why(organiser, problem, body, field):
    organiser.post("/admin/keys", {"name": "taken", "role": "viewer"})
    said = problem(organiser.post("/admin/keys", body), 422)
    assert said["errors"][0]["field"] == field


@pytest.mark.parametrize("role", ["viewer", "organiser"])
def test_only_owners_see_or_change_staff_keys(as_staff, problem, role):
    program = as_staff(role)
    problem(program.get("/admin/keys"), 403)
    problem(program.post("/admin/keys", {"name": "x", "role": "owner"}), 403)
    problem(program.delete("/admin/keys/1"), 403)


def test_a_viewer_looks_and_changes_nothing(as_staff, make_event, problem):
    viewer, event = as_staff("viewer"), make_event()
    for path in ("events", "bookings", "audit", "sales", f"events/{event.id}/console"):
        assert viewer.get(f"/admin/{path}").status_code == 200
    problem(viewer.post(f"/admin/events/{event.id}/copies", {"name": "x"}), 403)
    problem(viewer.post("/admin/reconciliation", {}), 403)
    problem(viewer.delete(f"/admin/events/{event.id}/image"), 403)


def test_drafts_are_listed_for_staff_alone(organiser, anyone, make_event, problem):
    make_event(name="Hidden", status="draft")
    assert [event["name"] for event in organiser.get("/admin/events").json] == ["Hidden"]
    assert anyone.get("/events").json == []
    problem(anyone.get("/admin/events"), 401)


def test_a_copy_is_a_draft(organiser, make_event, problem):
    event = make_event(capacity=50, seats_available=20)
    made = organiser.post(f"/admin/events/{event.id}/copies", {"name": "Second Night"})
    assert made.status_code == 201
    facts = ("name", "status", "capacity", "seats_available")
    assert [made.json[fact] for fact in facts] == ["Second Night", "draft", 50, 50]
    problem(organiser.post("/admin/events/999/copies", {"name": "x"}), 404)


def test_seats_are_held_back_and_released_by_changing_the_event(organiser, make_event, problem):
    event = make_event(capacity=10)
    held = organiser.put(f"/admin/events/{event.id}", {"seats_held": 7}).json
    assert (held["seats_available"], held["seats_held"]) == (3, 7)
    said = problem(organiser.put(f"/admin/events/{event.id}", {"seats_held": 11}), 422)
    assert said["errors"][0]["field"] == "seats_held"
    released = organiser.put(f"/admin/events/{event.id}", {"seats_held": 0}).json
    assert released["seats_available"] == 10


def picture(size=(900, 700)):
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 40)).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def send(organiser):
    def do(event_id, body, media_type="image/png"):
        return organiser(
            "PUT", f"/admin/events/{event_id}/image", data=body, content_type=media_type
        )

    return do


def test_a_picture_is_set_and_removed(organiser, send, make_event, sql):
    event = make_event()
    assert send(event.id, picture()).status_code == 200
    assert sql("SELECT count(*) FROM events WHERE image_digest IS NOT NULL") == [(1,)]
    assert organiser.delete(f"/admin/events/{event.id}/image").status_code == 204
    assert sql("SELECT count(*) FROM event_images") == [(0,)]


def test_what_is_no_picture_is_refused(send, make_event, problem):
    event = make_event()
    said = problem(send(event.id, b"<svg onload=alert(1)>"), 422)
    assert said["errors"][0]["field"] == "image"
    problem(send(event.id, b"x" * (MAX_BYTES + 1)), 422)
    problem(send(event.id, b"x" * (MAX_BYTES + 100_000)), 413)
    problem(send(event.id, picture(), "application/json"), 415)
    problem(send(event.id, picture(), "multipart/form-data; boundary=x"), 415)
    problem(send(999, picture()), 404)


def test_the_bookings_of_all_events_are_found(organiser, make_event, make_booking, make_user):
    one, other = make_event(name="Veena"), make_event(name="Drums")
    first = make_booking(one, make_user(name="Asha"), seats=2)
    make_booking(other, make_user(name="Ravi"))
    (found,) = organiser.get("/admin/bookings?q=asha").json
    assert (found["booking_id"], found["event_name"], found["seats"]) == (first.id, "Veena", 2)
    assert len(organiser.get("/admin/bookings?limit=1").json) == 1
    assert [
        b["event_name"] for b in organiser.get(f"/admin/bookings?event_id={other.id}").json
    ] == ["Drums"]
    assert organiser.get("/admin/bookings?status=CANCELLED").json == []


def test_the_audit_log_tells_what_programs_change(organiser, as_staff, make_event):
    event = make_event(name="Veena", capacity=10)
    as_staff("organiser").put(f"/admin/events/{event.id}", {"capacity": 12})
    entry = organiser.get("/admin/audit").json[0]
    assert (entry["actor"], entry["action"]) == ("organiser key", "event.updated")
    assert (entry["before"], entry["after"]) == ({"capacity": 10}, {"capacity": 12})
    assert organiser.get("/admin/audit?q=nothing").json == []


def test_the_sums_of_the_sales_are_those_of_the_dashboard(organiser, make_event, make_booking):
    event = make_event(capacity=10)
    gone = make_booking(event, seats=3)
    make_booking(event, seats=2, price_minor=500)
    organiser.delete(f"/bookings/{gone.id}")
    found = organiser.get("/admin/sales").json
    sums = {"bookings": 2, "seats": 5, "cancellations": 1, "seats_back": 3}
    sums |= {"booked_value": {"INR": 1000}, "booked_value_back": {"INR": 0}}
    assert found["total"] == sums
    assert len(found["days"]) == 30
    assert found["days"][-1] == {**sums, "day": found["last"]}
    assert found["events"] == [{**sums, "event_id": event.id, "name": event.name, "money": {}}]


@pytest.mark.parametrize(
    "query",
    ["from=2030-01-01&to=2020-01-01", "from=0001-01-01", "to=9999-12-31", "from=x", "since=1"],
)
def test_a_span_that_can_not_be_summed_is_422(organiser, problem, query):
    problem(organiser.get(f"/admin/sales?{query}"), 422)


def test_the_books_are_reconciled(organiser, make_event, make_booking, redis, sql):
    event = make_event(capacity=5)
    make_booking(event, seats=2)
    redis.set(f"event:{event.id}:tokens", "99")
    found = organiser.post("/admin/reconciliation", {}).json
    assert (found["events"], found["last"], found["redis_answered"]) == (1, None, True)
    assert [(f["event_id"], f["tokens"], f["broken"]) for f in found["findings"]] == [
        (event.id, "99", False)
    ]
    assert organiser.post("/admin/reconciliation", {}).json["findings"] == []


@pytest.mark.long
@pytest.mark.usefixtures("unused_ids")
def test_a_sale_can_be_watched(organiser, make_event, make_user):
    event, user = make_event(capacity=5), make_user()
    organiser.post("/bookings", {"user_id": user.id, "event_id": event.id, "seats": 2})
    until = time.monotonic() + 8
    while time.monotonic() < until:
        found = organiser.get(f"/admin/events/{event.id}/console").json
        if sum(beat["seats"] for beat in found["beats"]) == 2:
            break
        time.sleep(0.2)
    assert sum(beat["seats"] for beat in found["beats"]) == 2
    assert (found["seats_available"], found["tokens"], len(found["beats"])) == (3, 3, 120)


def test_a_staff_key_is_made_with_limits(organiser, client, prefix, make_event, problem):
    mine, other = make_event(), make_event()
    body = {"name": "Door", "role": "viewer", "event_ids": [mine.id]}
    made = organiser.post("/admin/keys", {**body, "expires_at": "2099-01-02T00:00:00Z"}).json
    assert (made["event_ids"], made["sees_emails"]) == ([mine.id], False)
    assert made["expires_at"] == "2099-01-02T00:00:00Z"
    door = Caller(client, prefix, {"X-Admin-Key": made["key"]})
    assert [row["id"] for row in door.get("/admin/events").json] == [mine.id]
    problem(door.get(f"/admin/events/{other.id}/bookings"), 404)
    problem(door.get("/admin/users"), 403, "key-limited")
    for limits, field in (
        ({"event_ids": [999]}, "event_ids"),
        ({"event_ids": []}, "event_ids"),
        ({"role": "owner", "event_ids": [mine.id]}, "event_ids"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ):
        body = {"name": "Other", "role": "viewer", **limits}
        said = problem(organiser.post("/admin/keys", body), 422)
        assert said["errors"][0]["field"] == field
