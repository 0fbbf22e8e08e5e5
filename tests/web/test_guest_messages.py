"""Organisers write to all guests of an event: look at it, try it, send it."""

import re

import pytest

from app.models import Role
from app.services import staff
from tests.web.conftest import Visitor

WORDS = {"subject": "Doors at six", "body": "Come **early**."}


@pytest.fixture
def app(make_app, clean):
    return make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")


@pytest.fixture
def organiser(app, settings):
    visitor = Visitor(app)
    visitor.log_in(settings.admin_key[0])
    return visitor


@pytest.fixture
def event(make_event, make_booking, alice):
    event = make_event(name="Jazz")
    make_booking(event, user=alice)
    make_booking(event, user=alice)
    return event


@pytest.fixture
def pages(event):
    return f"/admin/events/{event.id}/letters"


def preview(organiser, pages):
    token = re.search(r'name="token"[^>]*value="([^"]+)"', organiser.get(pages).text)[1]
    facts = {**WORDS, "token": token}
    return facts, organiser.post(f"{pages}/preview", facts).text


def test_it_is_looked_at_tried_and_sent_once(organiser, pages, sql):
    facts, page = preview(organiser, pages)
    assert "It goes to 1 person." in page
    assert "<strong>early</strong>" in page
    tried = organiser.post(f"{pages}/test", {**facts, "to": "me@example.org"}).text
    assert "A test goes to me@example.org." in tried
    assert sql("SELECT letter, recipient FROM mails") == [("message", "me@example.org")]
    sent = organiser.post(pages, facts)
    assert organiser.post(pages, facts).location == sent.location
    assert sql("SELECT kind FROM journal_entries") == [("message",)]
    assert sql("SELECT action FROM audit_entries") == [("guests.written_to",)]
    assert "0 of 1 sent, 1 waits" in organiser.get(sent.location).text


def test_the_words_come_back_to_be_changed(organiser, pages):
    facts, _page = preview(organiser, pages)
    page = organiser.post(f"{pages}/preview", {**facts, "change": "1"}).text
    assert "Come **early**." in page
    assert facts["token"] in page


def test_what_is_missing_is_said_and_nothing_sent(organiser, pages, sql):
    facts, _page = preview(organiser, pages)
    for answer in (
        organiser.post(f"{pages}/preview", {**facts, "subject": ""}),
        organiser.post(pages, {**facts, "body": " "}),
        organiser.post(pages, {**facts, "token": "x"}),
        organiser.post(f"{pages}/test", {**facts, "to": "nobody"}),
    ):
        assert answer.status_code == 422
    assert sql("SELECT count(*) FROM journal_entries") == [(0,)]
    assert sql("SELECT count(*) FROM mails") == [(0,)]


def test_the_reminder_is_turned_on_and_off(organiser, event, pages, sql):
    for on, is_on in (("1", True), ("0", False)):
        organiser.post(f"/admin/events/{event.id}/reminder", {"on": on})
        assert sql("SELECT reminds_guests FROM events") == [(is_on,)]
    assert "Off: nobody is reminded." in organiser.get(pages).text


def test_a_viewer_sees_how_far_it_is_without_addresses_and_writes_nothing(
    app, event, pages, factories, sql
):
    message = factories.message(event)
    sql(
        "INSERT INTO mails (letter, recipient, locale, state, last_error, guest_message_id)"
        " VALUES ('message', 'bo@example.com', 'en_IN', 'given_up', '550 bo@example.com?', %s)",
        message.id,
    )
    with app.app_context():
        _key, secret = staff.create_key("door", Role.VIEWER)
    viewer = Visitor(app)
    viewer.log_in(secret)
    page = viewer.get(f"{pages}/{message.id}").text
    assert "1 was not reached" in page
    assert "bo@example.com" not in page
    assert "Send it to them again" not in page
    assert viewer.post(f"{pages}/{message.id}/sending").status_code == 403
    assert viewer.post(pages, WORDS).status_code == 403


def test_another_events_message_is_not_found(organiser, make_event, event, factories):
    message = factories.message(make_event())
    assert organiser.get(f"/admin/events/{event.id}/letters/{message.id}").status_code == 404


def test_without_a_mail_server_the_page_says_so(make_app, settings, pages):
    visitor = Visitor(make_app())
    visitor.log_in(settings.admin_key[0])
    page = visitor.get(pages).text
    assert "nobody gets letters" in page
    assert "Look at it" not in page
