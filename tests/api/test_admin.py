"""What only an organiser asks for besides events: figures and the demo's data."""

from datetime import timedelta

import pytest

from app.models.columns import now


def test_the_figures_show_every_event_and_their_sums(organiser, make_event, make_booking):
    sold, untouched = make_event(capacity=8), make_event(capacity=2)
    make_booking(sold, seats=3)
    gone = make_booking(sold, seats=1)
    organiser.delete(f"/bookings/{gone.id}")
    found = organiser.get("/admin/analytics").json
    assert found["totals"] == {
        "confirmed_bookings": 1,
        "seats_sold": 3,
        "cancellations": 1,
        "capacity": 10,
        "seats_available": 7,
    }
    figures = {event["event_id"]: event for event in found["events"]}
    assert (figures[sold.id]["utilisation"], figures[untouched.id]["utilisation"]) == (37.5, 0.0)
    assert [day["seats"] for day in found["days"]] == [3]


def test_the_figures_of_a_span_of_days_count_its_bookings_only(organiser, make_event, make_booking):
    make_booking(make_event(), seats=2, created_at=now() - timedelta(days=3))
    tomorrow = (now() + timedelta(days=1)).date()
    found = organiser.get(f"/admin/analytics?from={tomorrow}").json
    assert (found["totals"]["seats_sold"], found["days"], len(found["events"])) == (0, [], 1)
    found = organiser.get(f"/admin/analytics?from=2026-01-01&to={tomorrow}").json
    assert found["totals"]["seats_sold"] == 2


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-13-01", "since=2026-01-01"])
def test_a_span_that_is_no_date_is_422(organiser, problem, query):
    said = problem(organiser.get(f"/admin/analytics?{query}"), 422)
    assert said["errors"][0]["field"] == query.partition("=")[0]


def test_the_last_day_of_the_calendar_breaks_nothing(organiser):
    assert organiser.get("/admin/analytics?from=0001-01-01&to=9999-12-31").status_code in {200, 422}


def test_seeding_is_201_each_time_and_creates_once(organiser):
    first, again = (organiser.post("/admin/seed_demo_data") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Indie Concert" in first.json["created"]
    assert again.json == {"created": [], "present": first.json["created"]}


def test_a_span_that_ends_before_it_begins_is_refused(organiser, problem):
    problem(organiser.get("/admin/analytics?from=2030-02-01&to=2030-01-01"), 422)


@pytest.mark.parametrize("path", ["/admin/events", "/admin/seed_demo_data"])
def test_the_anonymous_learn_nothing_from_what_they_send(anyone, problem, path):
    problem(anyone.post(path, {}), 401)
