"""A plain order is answered without Flask's request, and exactly as the view would answer it."""

import json
from datetime import timedelta

import pytest

from app.api.fast_path import ApiFastPath
from app.edge import request_ids
from app.models.columns import now

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def in_both_lanes(monkeypatch):
    """Send a request by the fast path and by the view: both answers, their headers sorted.

    Each request has a name of its own; here they share one, so that all of an answer is compared.
    """
    monkeypatch.setattr(request_ids, "new_id", lambda: "one-name")

    def send(app, body, headers=None, path="/bookings", **options):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        answers = []
        for express in (True, False):
            with monkeypatch.context() as patch:
                if not express:
                    patch.setattr(ApiFastPath, "_is_plain", lambda *_: False)
                answers.append(
                    app.test_client().post(
                        path, data=text, headers={**JSON, **(headers or {})}, **options
                    )
                )
        return [
            (answer.status_code, answer.get_data(as_text=True), sorted(answer.headers))
            for answer in answers
        ]

    return send


@pytest.fixture
def express(monkeypatch):
    """The answers that the lane gave by itself."""
    given, answer = [], ApiFastPath._answer

    def note(lane, environ):
        given.append(answer(lane, environ))
        return given[-1]

    monkeypatch.setattr(ApiFastPath, "_answer", note)
    return given


def test_a_booking_is_told_in_the_same_words(
    app, in_both_lanes, admin, make_event, make_user, express
):
    wish = {"user_id": make_user().id, "event_id": make_event(capacity=9).id, "seats": 2}
    fast, slow = in_both_lanes(app, wish, admin)
    assert len(express) == 1
    assert (fast[0], slow[0]) == (201, 201)
    for fact in ("status", "user_id", "event_id", "seats"):
        assert json.loads(fast[1])[fact] == json.loads(slow[1])[fact]
    assert json.loads(fast[1]).keys() == json.loads(slow[1]).keys()
    assert [name for name, _ in fast[2]] == [name for name, _ in slow[2]]
    places = [dict(answer[2])["Location"] for answer in (fast, slow)]
    assert places == [f"/bookings/{json.loads(a[1])['booking_id']}" for a in (fast, slow)]


def test_a_guests_booking_goes_the_same_way(app, in_both_lanes, admin, make_event, express):
    event = make_event(capacity=9)
    wish = {"event_id": event.id, "name": "Asha", "email": "asha@example.com"}
    fast, slow = in_both_lanes(app, wish, admin | {"Idempotency-Key": "once"})
    assert len(express) == 1
    assert (fast[0], slow[0]) == (201, 201)
    assert fast[1] == slow[1]
    for missing in ("name", "email"):
        body = {name: value for name, value in wish.items() if name != missing}
        fast, slow = in_both_lanes(app, body, admin)
        assert fast == slow
        assert fast[0] == 422


def test_an_order_for_ticket_types_goes_the_same_way(
    app, in_both_lanes, admin, make_event, make_user, factories, express
):
    event = make_event(capacity=9)
    types = factories.ticket_types(event, {"name": "VIP", "quota": 4}, {"name": "Student"})
    items = [{"ticket_type_id": kind.id, "seats": 2} for kind in types.values()]
    wish = {"user_id": make_user().id, "event_id": event.id, "items": items}
    fast, slow = in_both_lanes(app, wish, admin | {"Idempotency-Key": "once"})
    assert None not in express
    assert fast[:2] == slow[:2]
    assert [one["ticket_type"] for one in json.loads(fast[1])["also_booked"]] == ["VIP", "Student"]
    wish["items"] = [{"ticket_type_id": types["VIP"].id, "seats": 3}]
    fast, slow = in_both_lanes(app, wish, admin)
    assert fast == slow
    assert "type-sold-out" in fast[1]
    assert None not in express
    for refused in ({"items": items * 2}, {"seats": 1}, {"items": []}):
        fast, slow = in_both_lanes(app, wish | refused, admin)
        assert fast == slow
        assert fast[0] == 422


@pytest.mark.parametrize("where", ["body", "header"])
def test_a_replay_is_the_same_in_both_lanes(
    app, in_both_lanes, admin, make_event, make_user, where
):
    wish = {"user_id": make_user().id, "event_id": make_event().id}
    key = {"Idempotency-Key": "once"} if where == "header" else {}
    wish |= {"idempotency_key": "once"} if where == "body" else {}
    first, _ = in_both_lanes(app, wish, admin | key)
    fast, slow = in_both_lanes(app, wish, admin | key)
    assert fast == slow
    assert fast[1] == first[1]
    assert ("Idempotency-Replayed", "true") in fast[2]
    other = in_both_lanes(app, wish | {"seats": 3}, admin | key)
    assert other[0] == other[1]
    assert other[0][0] == 422


def test_every_refusal_is_the_same_in_both_lanes(
    app, in_both_lanes, admin, make_event, make_user, express
):
    user, some = make_user(), make_event(capacity=3)
    closed = make_event(sales_close_at=now() - timedelta(days=1))
    limited = make_event(capacity=30, max_per_person=2)
    expected = [
        (404, {"user_id": user.id, "event_id": 10**9}),
        (404, {"user_id": 10**9, "event_id": some.id}),
        (409, {"user_id": user.id, "event_id": some.id, "seats": 4}),
        (409, {"user_id": user.id, "event_id": closed.id}),
        (409, {"user_id": user.id, "event_id": limited.id, "seats": 3}),
    ]
    for status, wish in expected:
        fast, slow = in_both_lanes(app, wish, admin)
        assert fast == slow
        assert fast[0] == status
    assert len(express) == len(expected)
    assert None not in express


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"{", {}),
        (400, b"[]", {}),
        (422, b"{}", {}),
        (422, b'{"user_id": 1, "event_id": "2"}', {}),
        (422, b'{"user_id": 1, "event_id": 1, "more": 1}', {}),
        (422, b'{"user_id": 1, "event_id": 1, "idempotency_key": "\\ud800"}', {}),
        (422, b'{"user_id": 1, "event_id": 1}', {"Idempotency-Key": "with space"}),
        (422, b'{"event_id": 1}', {}),
        (401, b'{"user_id": 1, "event_id": 1}', {"X-Admin-Key": "wrong"}),
        (413, b'{"user_id": 1' + b" " * 70_000 + b"}", {}),
        (415, b'{"user_id": 1, "event_id": 1}', {"Content-Type": "text/plain"}),
        (400, b'{"user_id": 1, "event_id": 1}', {"Host": "elsewhere.example"}),
    ],
)
def test_what_is_not_plain_is_left_to_the_view(
    app, in_both_lanes, admin, status, body, headers, clean
):
    fast, slow = in_both_lanes(app, body, admin | headers)
    assert fast == slow
    assert fast[0] == status


def test_a_token_acts_for_its_user_alone(
    app, in_both_lanes, make_token, make_user, make_event, express
):
    user, other, event = make_user(), make_user(), make_event()
    token = make_token(user)
    assert [a[0] for a in in_both_lanes(app, {"event_id": event.id}, token)] == [201, 201]
    fast, slow = in_both_lanes(app, {"event_id": event.id, "user_id": other.id}, token)
    assert fast == slow
    assert fast[0] == 404
    wrong = in_both_lanes(app, {"event_id": event.id}, {"Authorization": "Bearer utsavam_no"})
    assert wrong[0] == wrong[1]
    assert wrong[0][0] == 401


def test_the_open_api_trusts_loopback_alone(
    open_app, app, in_both_lanes, make_user, make_event, express
):
    wish = {"user_id": make_user().id, "event_id": make_event().id}
    assert [a[0] for a in in_both_lanes(open_app, wish)] == [201, 201]
    away = {"REMOTE_ADDR": "192.0.2.7"}
    for refused in (in_both_lanes(open_app, wish, environ_base=away), in_both_lanes(app, wish)):
        assert refused[0] == refused[1]
        assert refused[0][0] == 401


def test_a_database_that_is_away_is_told_the_same(
    make_app, in_both_lanes, admin, make_user, make_event, express
):
    wish = {"user_id": make_user().id, "event_id": make_event().id}
    away = make_app(database_url="postgresql+psycopg://127.0.0.1:1/none")
    fast, slow = in_both_lanes(away, wish, admin)
    assert fast == slow
    assert fast[0] == 503
    assert "Retry-After" in dict(fast[2])


def test_an_unforeseen_error_is_our_fault_in_both_lanes(
    app, in_both_lanes, admin, make_user, make_event, monkeypatch, express
):
    def break_down(_order):
        raise ZeroDivisionError

    monkeypatch.setattr(app.extensions["desk"], "book", break_down)
    fast, slow = in_both_lanes(app, {"user_id": make_user().id, "event_id": make_event().id}, admin)
    assert fast == slow
    assert fast[0] == 500
    assert "ZeroDivision" not in fast[1]
    assert json.loads(fast[1])["request_id"] == "one-name"
