"""Whoever cancels, moves or deletes an event is asked for the words that its guests get."""

import re

import pytest

from tests.web.conftest import Visitor


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
    event = make_event(name="Jazz", venue="The Little Stage")
    # Two bookings of one person: one letter.
    make_booking(event, user=alice)
    make_booking(event, user=alice)
    return event


@pytest.fixture
def journal(sql):
    return lambda: sql("SELECT kind, facts FROM journal_entries ORDER BY id")


def form_of(page):
    """What a browser sends of the event's form as it is shown."""
    inputs = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', page)
    return inputs | ({"shown": shown[1].replace("&#34;", '"')} if shown else {})


def edit(organiser, event, **changes):
    path = f"/admin/events/{event.id}/edit"
    facts = form_of(organiser.get(path).text)
    facts = {name: text for name, text in facts.items() if name not in ("draft", "publish", "q")}
    return organiser.post(path, facts | {"currency": "INR"} | changes)


def test_a_cancellation_carries_the_words_and_says_how_many_get_them(organiser, event, journal):
    path = f"/admin/events/{event.id}/cancellation"
    assert "1 person gets a letter" in organiser.get(path).text
    organiser.post(path, {"words": " The hall is flooded.\r\nSorry! "})
    assert journal() == [("event_cancelled", {"words": "The hall is flooded.\nSorry!"})]


def test_a_deletion_carries_them_too(organiser, event, journal):
    path = f"/admin/events/{event.id}/deletion"
    assert "1 person gets a letter" in organiser.get(path).text
    organiser.post(path, {"words": "No more."})
    assert journal() == [("event_cancelled", {"words": "No more."})]


def test_another_venue_is_told_with_what_was_and_what_is(organiser, event, journal):
    page = organiser.get(f"/admin/events/{event.id}/edit").text
    assert "1 person gets a letter" in page
    assert edit(organiser, event, venue="The Palace", words="A larger hall.").status_code < 400
    ((kind, facts),) = journal()
    assert kind == "event_changed"
    assert facts["before"] == {"venue": "The Little Stage"}
    assert facts["after"] == {"venue": "The Palace"}
    assert facts["words"] == "A larger hall."


def test_another_price_and_capacity_are_told_nobody_and_words_for_nobody_are_refused(
    organiser, event, journal
):
    assert edit(organiser, event, capacity="400", words="Hello?").status_code == 422
    assert edit(organiser, event, capacity="400").status_code < 400
    assert journal() == []


def test_nobody_is_asked_for_words_where_nobody_has_booked(organiser, make_event):
    event = make_event()
    for page in ("edit", "cancellation", "deletion"):
        assert 'name="words"' not in organiser.get(f"/admin/events/{event.id}/{page}").text


def test_nor_for_an_event_that_is_over(organiser, event, sql):
    sql("UPDATE events SET start_at = now() - interval '2 days', end_at = NULL")
    assert 'name="words"' not in organiser.get(f"/admin/events/{event.id}/edit").text


def test_words_past_the_fields_length_are_cut(organiser, event, journal):
    organiser.post(f"/admin/events/{event.id}/cancellation", {"words": "x" * 5_000})
    ((_kind, facts),) = journal()
    assert len(facts["words"]) == 2_000


def test_without_a_mail_server_the_pages_say_that_nobody_is_told(make_app, settings, event):
    visitor = Visitor(make_app())
    visitor.log_in(settings.admin_key[0])
    for page in ("edit", "cancellation", "deletion"):
        text = visitor.get(f"/admin/events/{event.id}/{page}").text
        assert "Nobody is told: no mail server is set." in text
        assert 'name="words"' not in text
