"""What everybody may know of a waiting room: the same bytes for all, at next to no cost."""

import json
import time
from datetime import timedelta

import pytest

from app.edge.current import waiting_rooms
from app.edge.room_status import RoomStatusPath
from app.models.columns import now
from app.services.room_settings import change_room
from app.services.room_status import MADE_FOR, OLD_AFTER, RoomStatuses
from tests.support.servers import wait_until


@pytest.fixture
def room(app, clean, factories):
    """Turn a waiting room on, of an event with these facts."""

    def turn_on(event=None, mode="on", per_minute=600, paused=False, **facts):
        event = event or factories.event(**facts)
        with app.app_context():
            changes = {"mode": mode, "per_minute": per_minute, "paused": paused}
            change_room(waiting_rooms(), event.id, changes)
        return event

    return turn_on


@pytest.fixture
def lobby(room):
    return lambda **facts: room(sales_open_at=now() + timedelta(seconds=60), **facts)


@pytest.fixture
def ask(client):
    def ask(event, method="get", **headers):
        return getattr(client, method)(address(event), headers=headers)

    return ask


OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


def address(event):
    return f"/events/{event.id}/waiting-room.json"


def test_a_lobby_tells_when_it_opens_and_how_many_are_there(app, lobby, ask, new_visitor):
    event = lobby()
    new_visitor().post(f"/events/{event.id}/waiting-room", {}, OWN, csrf=False)
    found = ask(event).json
    assert found["phase"] == "lobby"
    assert (found["arrived"], found["lobby"], found["served"]) == (1, 1, 0)
    assert found["opened_at"] is None
    assert 50 < found["opens_at"] - found["at"] <= 60
    assert abs(found["at"] - time.time()) < 5


def test_an_open_room_tells_its_pace_the_range_around_it_and_the_seats(room, ask):
    event = room(capacity=70)
    wait_until(lambda: ask(event).json["phase"] == "open")
    found = ask(event).json
    assert (found["phase"], found["paused"], found["live"]) == ("open", False, True)
    assert found["slow_per_second"] < found["per_second"] == 10 < found["fast_per_second"]
    assert found["seats"] == 70
    assert 1 <= found["served"] < 60


def test_a_paused_room_says_so_at_once(room, ask):
    event = room()
    assert not ask(event).json["paused"]
    room(event, paused=True)
    found = ask(event).json
    assert found["paused"]
    assert (found["per_second"], found["slow_per_second"], found["fast_per_second"]) == (0, 0, 0)


def test_nothing_more_is_sold(room, ask, factories):
    event = factories.event(sales_close_at=now() - timedelta(seconds=5))
    assert ask(room(event)).json["phase"] == "closed"


def test_the_secret_of_the_draw_is_in_none(lobby, room, ask, sql):
    for event in (lobby(), room()):
        told = ask(event).text
        for secret in sql("SELECT seed FROM waiting_rooms")[0]:
            assert secret[:12] not in told


def test_no_room_is_not_found_and_one_that_was_turned_off(room, factories, ask):
    answer = ask(factories.event())
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    event = room()
    assert ask(event).status_code == 200
    room(event, mode="off")
    assert ask(event).status_code == 404


def test_all_get_the_same_whoever_they_are_and_however_they_ask(room, ask, signed_in):
    event = room()
    answers = [
        ask(event),
        ask(event, Accept="text/html", **{"HX-Request": "true"}),
        signed_in.get(address(event)),
        ask(event, Origin="https://elsewhere.example"),
    ]
    assert len({answer.text for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["Cache-Control"] == "public, max-age=1"
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_who_knows_it_already_gets_no_body(room, ask):
    event = room()
    first = ask(event)
    again = ask(event, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]
    # A proxy that compresses calls it weak.
    assert ask(event, **{"If-None-Match": f"W/{first.headers['ETag']}"}).status_code == 304
    assert ask(event, **{"If-None-Match": '"another"'}).status_code == 200


def test_a_question_for_the_head_has_the_same_headers(room, ask):
    event = room()
    whole, head = ask(event), ask(event, "head")
    assert head.text == ""
    names = ("ETag", "Content-Length", "Content-Type", "Cache-Control")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


@pytest.mark.parametrize("found", [True, False])
def test_the_view_answers_as_the_short_path_does(room, factories, ask, monkeypatch, found):
    event = room() if found else factories.event()
    short = ask(event)
    monkeypatch.setattr(RoomStatusPath, "_is_plain", lambda *_: False)
    long = ask(event)
    assert (long.status_code, long.text) == (short.status_code, short.text)
    for name in ("Content-Type", "Cache-Control", "ETag"):
        assert long.headers.get(name) == short.headers.get(name)


def test_a_foreign_host_is_refused(room, client):
    answer = client.get(address(room()), headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_it_cannot_be_written_to(room, client):
    assert client.put(address(room())).status_code == 405


@pytest.fixture
def statuses(app, clean):
    extensions = app.extensions
    return RoomStatuses(app, extensions["waiting_rooms"], extensions["desk"].gate)


def test_a_thousand_questions_cost_one_look(app, room, statuses, monkeypatch):
    event, looks = room(), []
    rooms = app.extensions["waiting_rooms"].rooms
    look = rooms.look
    monkeypatch.setattr(rooms, "look", lambda row: looks.append(row) or look(row))
    with app.app_context():
        assert len({statuses.status(event.id) for _ in range(1_000)}) == 1
    assert len(looks) == 1


def test_it_is_made_anew_after_a_second_beside_the_answer(app, room, statuses):
    event = room()
    with app.app_context():
        first = statuses.status(event.id)
        age(statuses, event, MADE_FOR)
        assert statuses.status(event.id) == first, "nobody waits for it"
        wait_until(lambda: statuses.status(event.id) != first)


def test_what_nobody_asked_for_long_is_made_before_the_answer(app, room, statuses):
    event = room()
    with app.app_context():
        first = json.loads(statuses.status(event.id).body)
        time.sleep(0.01)
        age(statuses, event, OLD_AFTER)
        assert json.loads(statuses.status(event.id).body)["at"] > first["at"]


def age(statuses, event, seconds):
    status, revision, at = statuses._made[event.id]
    statuses._made[event.id] = status, revision, at - seconds - 0.01
