"""An event between draft, published and cancelled, and its form looked at field by field."""

import html
import re

import pytest

from tests.web.conftest import HTMX

FIELDS = re.compile(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"')
FORM = {
    "name": "Veena Evening",
    "start_at": "2031-03-04T19:00",
    "capacity": "80",
    "time_zone": "Asia/Kolkata",
    "price": "0",
}


def check(organiser, field, event=None, **changes):
    path = f"/admin/events/check?field={field}" + (f"&event={event.id}" if event else "")
    return organiser.post(path, {**FORM, **changes}, headers=HTMX)


@pytest.mark.parametrize(("button", "status"), [("publish", "published"), ("draft", "draft")])
def test_a_new_event_is_published_or_kept_as_a_draft_as_its_button_says(
    organiser, sql, button, status
):
    assert organiser.post("/admin/events", {**FORM, button: "1"}).status_code == 303
    assert sql("SELECT name, status FROM events") == [("Veena Evening", status)]


def test_a_form_sent_by_no_button_is_a_draft_that_nobody_sees(organiser, new_visitor, sql):
    organiser.post("/admin/events", FORM)
    assert sql("SELECT status FROM events") == [("draft",)]
    assert "Veena Evening" not in new_visitor().get("/").text


def test_a_draft_is_published_by_one_button(organiser, new_visitor, make_event):
    event = make_event(name="Veena Evening", status="draft")
    assert new_visitor().get(f"/events/{event.id}").status_code == 404
    organiser.post(f"/admin/events/{event.id}/publication")
    assert "Veena Evening" in new_visitor().get("/").text


def test_saving_an_event_leaves_its_status_alone(organiser, make_event, sql):
    event = make_event(status="draft")
    assert organiser.post(f"/admin/events/{event.id}/edit", FORM).status_code == 303
    assert sql("SELECT name, status FROM events") == [("Veena Evening", "draft")]


def test_an_event_goes_back_to_draft_only_while_nothing_is_sold(
    organiser, make_event, make_booking, sql
):
    event = make_event(capacity=5)
    organiser.post(f"/admin/events/{event.id}/withdrawal")
    assert sql("SELECT status FROM events") == [("draft",)]
    organiser.post(f"/admin/events/{event.id}/publication")
    make_booking(event)
    organiser.post(f"/admin/events/{event.id}/withdrawal")
    assert sql("SELECT status FROM events") == [("published",)]
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    assert "Seats are sold already" in page
    assert "Back to draft" not in page


def test_cancelling_an_event_is_asked_first_and_keeps_its_bookings(
    organiser, make_event, make_booking, sql
):
    event = make_event(capacity=5)
    make_booking(event, seats=2)
    asked = organiser.get(f"/admin/events/{event.id}/cancellation").text
    assert "1 confirmed booking is kept" in asked
    assert sql("SELECT status FROM events") == [("published",)]
    organiser.post(f"/admin/events/{event.id}/cancellation")
    assert sql("SELECT status FROM events") == [("cancelled",)]
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]
    organiser.post(f"/admin/events/{event.id}/publication")
    assert sql("SELECT status FROM events") == [("published",)]


def test_a_field_that_is_well_has_no_complaint(organiser):
    answer = check(organiser, "name")
    assert answer.status_code == 200
    assert 'id="name-error"' in answer.text
    assert ">\n" not in answer.text.strip()
    assert answer.text.count("</p>") == 1


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        ("name", {"name": " "}, "Name the event."),
        ("capacity", {"capacity": "0"}, "From 1 to 10,000,000 seats."),
        ("price", {"price": "ten"}, "Enter an amount"),
        ("time_zone", {"time_zone": "Mars/Base"}, "Enter a time zone"),
        ("end_at", {"end_at": "2031-03-04T18:00"}, "Must be after the start."),
        (
            "cancel_until",
            {"cancel_until": "2032-01-01T18:00"},
            "Must not be after the event ends",
        ),
    ],
)
def test_a_field_is_told_at_once_what_is_wrong_with_it(organiser, field, changes, said):
    assert said in check(organiser, field, **changes).text


def test_a_capacity_below_the_seats_sold_is_told_at_once(organiser, make_event, make_booking, sql):
    event = make_event(capacity=50)
    make_booking(event, seats=12)
    assert "12 seats are sold" in check(organiser, "capacity", event, capacity="10").text
    assert sql("SELECT capacity, seats_available FROM events") == [(50, 38)]


def test_looking_at_a_field_changes_nothing(organiser, make_event, sql):
    event = make_event(name="As it was")
    check(organiser, "name", event)
    assert sql("SELECT name, version FROM events") == [("As it was", 1)]


def test_a_field_that_is_not_there_is_a_bad_request(organiser):
    assert check(organiser, "nothing").status_code == 400


def test_a_description_may_be_as_long_in_any_script(organiser, sql):
    text = "ఉత్సవం " * 2857
    form = {**FORM, "description": text, "publish": "1"}
    assert organiser.post("/admin/events", form).status_code == 303
    assert sql("SELECT description FROM events") == [(text.strip(),)]
    assert organiser.post("/admin/events/preview", form, headers=HTMX).status_code == 200


def test_a_description_that_somebody_else_changed_is_not_overwritten(organiser, make_event, sql):
    event = make_event(name="Veena", description="long " * 100)
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    sent = {name: html.unescape(value) for name, value in FIELDS.findall(page)}
    sent |= {"description": "long " * 100, "city": "Kochi"}
    sql("UPDATE events SET description = 'theirs', updated_at = now() WHERE id = %s", event.id)
    assert organiser.post(f"/admin/events/{event.id}/edit", sent).status_code == 303
    assert sql("SELECT description, city FROM events") == [("theirs", "Kochi")]


def test_a_new_event_without_a_name_is_asked_for_it(organiser, sql):
    answer = organiser.post("/admin/events", {"price": "9+", "start_at": ""})
    assert answer.status_code == 422
    assert sql("SELECT count(*) FROM events") == [(0,)]
