"""The buttons of an event's form save what was typed with what they do, and lose nothing."""

import io
import re
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.models.columns import now
from tests.web.conftest import Visitor
from tests.web.test_event_states import FORM
from tests.web.test_images import picture
from tests.web.test_words_to_guests import form_of

BUTTON = re.compile(r'<button[^>]*formaction="([^"]+)"[^>]*>\s*([^<]+?)\s*</button>')
KEPT = re.compile(r'name="picture"[^>]*value="(\w+)"')


@pytest.fixture
def send(organiser):
    """Send a form as a browser does that has chosen a file."""

    def do(path, form, file=None):
        form = {**form, "csrf_token": organiser.csrf_token()}
        if file is not None:
            form["image"] = FileStorage(io.BytesIO(file), "picture.jpg")
        boundary, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        return organiser.post(path, csrf=False, body=body, content_type=kind)

    return do


def buttons(page):
    return {text: path for path, text in BUTTON.findall(page)}


STATES = [
    ({"status": "draft"}, "Publish", "published", False),
    ({}, "Back to draft", "draft", False),
    ({}, "Pause sales", "published", True),
    ({"sales_paused": True}, "Go on selling", "published", False),
    ({"status": "cancelled"}, "It takes place after all", "published", False),
]


@pytest.mark.parametrize(("facts", "text", "status", "paused"), STATES)
def test_a_button_saves_what_was_typed_with_what_it_does(
    organiser, send, make_event, sql, facts, text, status, paused
):
    event = make_event(name="Old Name", **facts)
    path = buttons(organiser.get(f"/admin/events/{event.id}/edit").text)[text]
    answer = send(path, FORM)
    assert (answer.status_code, answer.location) == (303, f"/admin/events/{event.id}/edit")
    assert sql("SELECT name, status, sales_paused FROM events") == [
        ("Veena Evening", status, paused)
    ]
    assert sql("SELECT count(*) FROM audit_entries") == [(1,)]


@pytest.mark.parametrize(("facts", "text", "status", "paused"), STATES)
def test_a_button_does_nothing_while_something_typed_is_wrong_and_shows_it_all(
    organiser, send, make_event, sql, facts, text, status, paused
):
    event = make_event(name="Old Name", **facts)
    before = sql("SELECT name, status, sales_paused FROM events")
    path = buttons(organiser.get(f"/admin/events/{event.id}/edit").text)[text]
    answer = send(path, {**FORM, "capacity": "none", "city": "Jaipur"})
    assert answer.status_code == 422
    assert "Enter a whole number" in answer.text
    assert 'value="Jaipur"' in answer.text
    assert sql("SELECT name, status, sales_paused FROM events") == before
    assert buttons(answer.text)[text] == path


def test_a_button_that_comes_too_late_keeps_what_was_typed(
    organiser, send, make_event, make_booking, sql
):
    event = make_event(name="Old Name")
    path = buttons(organiser.get(f"/admin/events/{event.id}/edit").text)["Back to draft"]
    make_booking(event)
    answer = send(path, FORM)
    assert answer.status_code == 422
    assert "Seats are sold already" in answer.text
    assert 'value="Veena Evening"' in answer.text
    assert sql("SELECT name, status FROM events") == [("Old Name", "published")]


def test_the_forms_first_button_saves_and_stays_at_the_event(organiser, make_event):
    event = make_event(status="draft")
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    (first, *_others) = re.findall(r'<button[^>]*form="event-form"[^>]*>', page)
    assert "formaction" not in first, "Enter in a field publishes nothing"
    answer = organiser.post(f"/admin/events/{event.id}/edit", FORM)
    assert answer.location == f"/admin/events/{event.id}/edit"
    assert "“Veena Evening” is saved." in organiser.get(answer.location).text


@pytest.mark.long
def test_a_picture_is_saved_with_what_was_typed(organiser, send, make_event, sql):
    event = make_event(name="Old Name", status="draft")
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    for path in (
        buttons(page)["Upload"],
        buttons(page)["Publish"],
        f"/admin/events/{event.id}/edit",
    ):
        assert send(path, FORM, picture()).status_code == 303
        assert sql("SELECT name, image_digest IS NOT NULL FROM events") == [("Veena Evening", True)]
        sql("UPDATE events SET image_digest = NULL, name = 'Old Name'")
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    send(f"/admin/events/{event.id}/edit", FORM, picture())
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    send(buttons(page)["Show the poster again"], {**FORM, "city": "Jaipur"})
    assert sql("SELECT city, image_digest FROM events") == [("Jaipur", None)]


@pytest.mark.parametrize("button", ["draft", "publish"])
def test_a_new_event_has_its_picture_from_the_first_moment(send, organiser, sql, button):
    assert send("/admin/events", {**FORM, button: "1"}, picture()).status_code == 303
    assert sql("SELECT image_digest IS NOT NULL FROM events") == [(True,)]


@pytest.mark.parametrize("new", [True, False])
def test_a_picture_outlives_an_error_elsewhere_in_the_form(send, organiser, make_event, sql, new):
    path = "/admin/events" if new else f"/admin/events/{make_event().id}/edit"
    answer = send(path, {**FORM, "name": ""}, picture())
    assert answer.status_code == 422
    assert "Your picture is kept" in answer.text
    (digest,) = KEPT.findall(answer.text)
    assert organiser.get(f"/images/{digest}/card.webp").status_code == 200
    assert send(path, {**FORM, "picture": digest}).status_code == 303
    assert sql("SELECT image_digest FROM events") == [(digest,)]


def test_a_bad_picture_loses_nothing_typed(send, organiser, sql):
    answer = send("/admin/events", {**FORM, "publish": "1"}, b"no picture")
    assert answer.status_code == 422
    assert "The file must be a JPEG, PNG or WebP picture." in answer.text
    assert 'value="Veena Evening"' in answer.text
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_a_kept_picture_that_is_gone_is_asked_for_again(send, organiser, sql):
    answer = send("/admin/events", {**FORM, "picture": "0" * 64})
    assert answer.status_code == 422
    assert "choose it again" in answer.text
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_a_picture_that_no_form_came_back_for_is_forgotten_after_a_day(send, organiser, sql):
    send("/admin/events", {**FORM, "name": ""}, picture())
    send("/admin/events", FORM, picture(colour=(0, 0, 9)))
    sql("UPDATE event_images SET created_at = %s", now() - timedelta(days=2))
    send("/admin/events", {**FORM, "name": ""}, picture(colour=(0, 200, 9)))
    assert sql("SELECT count(*) FROM event_images") == [(2,)]


def test_a_copy_asks_for_its_date_and_its_other_moments_move(organiser, make_event, sql):
    start = now().replace(second=0, microsecond=0) + timedelta(days=3)
    event = make_event(name="Tech Talk", start_at=start, end_at=start + timedelta(hours=2))
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    path = f"/admin/events/{event.id}/duplicate"
    assert f'action="{path}"' in page
    asked = organiser.get(path).text
    suggested = (start + timedelta(weeks=1)).astimezone(event.zone).strftime("%Y-%m-%dT%H:%M")
    assert f'value="{suggested}"' in asked
    assert 'value="Tech Talk (copy)"' in asked
    refused = organiser.post(path, {"name": "Second Night", "start_at": ""})
    assert refused.status_code == 422
    assert "Say when the event starts." in refused.text
    assert 'value="Second Night"' in refused.text
    answer = organiser.post(path, {"name": "Second Night", "start_at": suggested})
    assert answer.location == "/admin/events/2/edit"
    week = timedelta(weeks=1)
    assert sql("SELECT name, status, start_at, end_at FROM events WHERE id = 2") == [
        ("Second Night", "draft", start + week, event.end_at + week)
    ]


@pytest.fixture
def mailing(make_app, clean, settings):
    visitor = Visitor(make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org"))
    visitor.log_in(settings.admin_key[0])
    return visitor


@pytest.mark.parametrize("text", ["Pause sales", "Save"])
def test_words_that_would_reach_nobody_are_not_lost_silently(
    mailing, make_event, make_booking, sql, text
):
    event = make_event(name="Jazz")
    make_booking(event)
    edit = f"/admin/events/{event.id}/edit"
    page = mailing.get(edit).text
    path = buttons(page).get(text, edit)
    form = {k: v for k, v in form_of(page).items() if k not in ("draft", "publish", "q")}
    form |= {"words": "The band is late.", "currency": "INR"}
    refused = mailing.post(path, form)
    assert refused.status_code == 422
    assert "would reach nobody" in refused.text
    assert ">The band is late.</textarea>" in refused.text
    assert sql("SELECT sales_paused FROM events") == [(False,)]
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]
    assert mailing.post(path, form | {"words": ""}).status_code == 303
    assert sql("SELECT count(*) FROM journal_entries") == [(0,)]
    assert mailing.post(path, form | {"venue": "The Barn"}).status_code == 303
    assert sql("SELECT facts->>'words' FROM journal_entries") == [("The band is late.",)]
