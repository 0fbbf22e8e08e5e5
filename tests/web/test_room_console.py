"""The waiting room's console: who waits, at which pace and why, and the buttons."""

import re
from types import SimpleNamespace

import pytest

from app.edge.current import waiting_rooms
from app.services.room_settings import change_room, get_room

SETTINGS = ("mode", "busy_after", "measured", "per_minute", "most_inside", "pass_minutes", "paused")
SETTINGS += ("open_without_redis",)
OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.fixture(autouse=True)
def nobody_looks_after_it(app, monkeypatch):
    """The figures are those that a test has put there."""
    monkeypatch.setattr(waiting(app), "watched_by", None)


@pytest.fixture
def event(factories):
    return factories.event()


@pytest.fixture
def address(event):
    return f"/admin/events/{event.id}/waiting-room"


@pytest.fixture
def set_room(app, clean, event):
    def change(**changes):
        with app.app_context():
            change_room(waiting_rooms(), event.id, changes)

    return change


@pytest.fixture
def kept(app, event):
    """What the room is set to."""

    def read():
        with app.app_context():
            room = get_room(event.id)
            return SimpleNamespace(**{name: getattr(room, name) for name in SETTINGS})

    return read


def test_a_form_that_was_saved_is_what_the_page_shows(organiser, address, kept):
    form = {"mode": "auto", "busy_after": "2.0", "pace": "measured", "per_minute": "90"}
    form |= {"most_inside": "400", "pass_minutes": "7", "open_without_redis": "y"}
    assert organiser.post(address, form).status_code == 303
    room = kept()
    assert (room.mode, room.busy_after, room.measured) == ("auto", 2.0, True)
    assert (room.most_inside, room.pass_minutes, room.open_without_redis) == (400, 7, True)
    page = organiser.get(address).text
    assert "It turns itself on when booking takes too long." in page
    assert re.search(r'<input checked[^>]* value="auto"', page)
    assert "Pause" not in page


@pytest.mark.parametrize(
    ("before", "step", "told", "after"),
    [
        ({"per_minute": 100}, "faster", "125 people", {"per_minute": 125, "measured": False}),
        ({"per_minute": 100}, "slower", "75 people", {"per_minute": 75, "measured": False}),
        ({"per_minute": 1}, "slower", "1 person", {"per_minute": 1}),
        ({"per_minute": 1}, "faster", "2 people", {"per_minute": 2}),
        ({}, "faster", "750 people", {"per_minute": 750, "measured": False}),
        ({"per_minute": 100}, "measured", "measured again", {"measured": True}),
        ({}, "pause", "begins", {"paused": True, "measured": True}),
        ({"paused": True}, "resume", "measured again", {"paused": False}),
    ],
)
def test_each_button_changes_the_pace_of_now(
    organiser, address, set_room, kept, before, step, told, after
):
    set_room(mode="on", **before)
    answer = organiser.post(f"{address}/pace", {"step": step}, follow_redirects=True)
    assert told in answer.text
    assert {name: getattr(kept(), name) for name in after} == after


def test_a_button_that_there_is_not_does_nothing(organiser, address, set_room):
    set_room(mode="on")
    assert organiser.post(f"{address}/pace", {"step": "fly"}).status_code == 400


def test_the_figures_are_told_with_the_reason_of_the_pace(
    organiser, new_visitor, address, event, set_room, redis
):
    set_room(mode="on", most_inside=250)
    new_visitor().post(f"/events/{event.id}/waiting-room", {}, OWN, csrf=False)
    facts = {"came": 41, "booked": 17, "told inside": 33, "told paying": 5}
    key = f"{{event:{event.id}}}:waiting-room:figures"
    reasons = {
        ("strained", "desk"): "falls: orders take long",
        ("coming", ""): "as fast as people come",
        ("inside", ""): "as many are inside as may be",
        ("measured", ""): "grows while nothing is slow",
    }
    for (why, source), words in reasons.items():
        told = {"epoch": epoch(redis, event), "told why": why, "told strained_by": source}
        redis.hset(key, mapping={**facts, **told})
        found = organiser.get(f"{address}/figures").text
        assert words in found
        assert "41 came, 17 booked" in found
        assert ">33<" in found
        assert "of 250 with those who pay" in found


def epoch(redis, event):
    return redis.hget(f"{{event:{event.id}}}:waiting-room", "epoch")


def test_rubbish_among_the_figures_is_no_error(organiser, address, event, set_room, redis):
    set_room(mode="on")
    key = f"{{event:{event.id}}}:waiting-room:figures"
    redis.hset(key, mapping={"epoch": epoch(redis, event), "came": "x", "told why": "y"})
    assert organiser.get(address).status_code == 200


def test_each_minute_of_the_last_hour_is_in_the_table_and_the_charts(
    organiser, address, event, set_room, sql
):
    set_room(mode="on")
    sql(
        "INSERT INTO waiting_room_minutes"
        " SELECT %s, date_trunc('minute', now()) - n * interval '1 minute', 1,"
        " 900 - 100 * n, 90 - 10 * n, 80 - 10 * n, 70 - 10 * n, 2 FROM generate_series(0, 6) n",
        event.id,
    )
    page = organiser.get(address).text
    rows = re.findall(r'<th scope="row">[\d:]+</th>\s*((?:<td.*?</td>\s*)+)', page)
    figures = [re.findall(r">([\d,]+)<", row) for row in rows]
    assert figures[0] == ["100", "10", "10", "10", "120"]
    assert figures[-1] == ["300", "30", "20", "10", "120"]
    assert page.count("<svg") >= 2
    swapped = organiser.get(f"{address}/figures").text
    assert 'hx-swap-oob="true"' in swapped
    assert '<tbody id="room-minutes"' in swapped


def test_without_redis_the_console_says_what_holds(
    app, organiser, address, set_room, redis, monkeypatch
):
    for choice, words in ((False, "nobody else books"), (True, "everybody may book")):
        set_room(mode="on", open_without_redis=choice)
        monkeypatch.setattr(waiting(app).rooms, "_away_until", float("inf"))
        waiting(app).rooms.forget()
        page = organiser.get(address).text
        assert "Redis is away" in page
        assert words in page
        monkeypatch.undo()


def waiting(app):
    return app.extensions["waiting_rooms"]
