"""Joining a waiting room by its form takes no Flask request, and ends as the view ends it."""

import pytest

from app.edge.current import waiting_rooms
from app.services.room_settings import change_room
from app.web.joining import JoinFastPath
from tests.web.conftest import HTML, HTMX

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OURS = {"Sec-Fetch-Site": "same-origin"}
HEADERS = ("Location", "HX-Redirect", "Content-Type", "Vary", "Cache-Control")


@pytest.fixture
def room(app, clean, factories):
    event = factories.event()
    with app.app_context():
        change_room(waiting_rooms(), event.id, {"mode": "on", "per_minute": 1})
    return event


@pytest.fixture
def ways(app, monkeypatch):
    """Join by the fast path and by the view; both answers, and which of them were the path's."""
    answer = JoinFastPath._answer

    def join(event, headers, body="", cookie=None):
        told, fast = [], []

        def note(path, environ):
            found = answer(path, environ)
            fast.append(found is not None)
            return found

        for is_fast in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(JoinFastPath, "_answer", note)
                if not is_fast:
                    patch.setattr(JoinFastPath, "_is_plain", lambda *_: False)
                client = app.test_client(use_cookies=False)
                sent = {**FORM, **headers, **({"Cookie": cookie} if cookie else {})}
                told.append(
                    client.post(f"/events/{event.id}/waiting-room", data=body, headers=sent)
                )
        return told, fast

    return join


def same(answers):
    """Whether they tell a browser the same, but for the number that it was given."""
    seen = [
        (
            answer.status_code,
            answer.text if answer.status_code < 400 else "",
            [answer.headers.get(name) for name in HEADERS],
            answer.headers.get("Set-Cookie", "").partition("=")[0],
        )
        for answer in answers
    ]
    assert seen[0] == seen[1]
    return seen[0]


@pytest.mark.parametrize("kind", [HTML, HTMX])
def test_a_newcomer_is_led_to_the_page_on_which_one_waits(ways, room, kind):
    answers, fast = ways(room, {**kind, **OURS})
    status, *_ = same(answers)
    assert fast == [True]
    assert status == (204 if kind is HTMX else 303)
    place = answers[0].headers.get("Location") or answers[0].headers["HX-Redirect"]
    assert place == f"/events/{room.id}/waiting-room"
    assert "Set-Cookie" in answers[0].headers


def test_who_waits_keeps_their_place(app, room, redis, ways):
    browser = app.test_client()
    headers = {**FORM, **HTML, **OURS}
    for _ in range(3):
        answer = browser.post(f"/events/{room.id}/waiting-room", data="", headers=headers)
        assert answer.status_code == 303
    with app.app_context():
        known = waiting_rooms()
        known.rooms.forget()
        assert known.rooms.look(known.row(room.id)).room.arrived == 1


def test_an_account_joins_with_the_token_of_its_page(ways, room, signed_in):
    token, found = signed_in.csrf_token(), signed_in.cookie()
    cookie = f"{found.key}={found.value}"
    answers, fast = ways(room, {**HTML, **OURS}, f"csrf_token={token}", cookie)
    assert fast == [True]
    assert same(answers)[0] == 303


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}]
)
def test_a_form_of_another_site_is_left_to_the_view_which_refuses_it(ways, room, headers):
    answers, fast = ways(room, {**HTML, **headers})
    assert fast == [False]
    assert same(answers)[0] in {400, 403}


def test_an_event_without_a_room_is_left_to_the_view(ways, clean, factories):
    answers, fast = ways(factories.event(), {**HTML, **OURS})
    assert fast == [False]
    same(answers)


def test_an_event_that_is_no_longer_public_is_left_to_the_view(ways, room, sql):
    sql("UPDATE events SET status = 'draft' WHERE id = %s", room.id)
    answers, fast = ways(room, {**HTML, **OURS})
    same(answers)
    assert fast == [False]
    assert answers[0].status_code == 404
