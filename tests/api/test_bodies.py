"""Bodies that never come to their fields: too large, no JSON, of the wrong kind."""

import json

import pytest

JSON = "application/json"


def send(organiser, data, content_type=JSON, **facts):
    return organiser.post("/bookings", data=data, content_type=content_type, **facts)


def test_line_10_a_body_above_64_kib_is_413(organiser, problem):
    body = json.dumps({"event_id": 1, "idempotency_key": "x" * 65_536})
    problem(send(organiser, body), 413)


def test_a_body_of_64_kib_is_still_read(organiser, problem):
    body = json.dumps({"event_id": 1, "user_id": 1}).ljust(65_536)
    problem(send(organiser, body), 404)


@pytest.mark.parametrize(
    "data",
    ["{", "", "{'event_id': 1}", '{"event_id": 1}}', b"\xff\xfe", b"\x00", "nul", "{,}"],
    ids=repr,
)
def test_line_10_what_is_no_json_is_400(organiser, problem, data):
    # An empty body has no fields either; that is said of the field, not of the body.
    problem(send(organiser, data), 400 if data else 422)


@pytest.mark.parametrize("value", [[], [{"event_id": 1}], "text", 7, None, True], ids=repr)
def test_json_that_is_no_object_is_400(organiser, problem, value):
    said = problem(send(organiser, json.dumps(value)), 400)
    assert "object" in said["detail"]


@pytest.mark.parametrize("nest", ["[", '{"a":'])
def test_a_body_nested_too_deeply_is_400(organiser, problem, nest):
    problem(send(organiser, nest * 8_000), 400)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"],
)
def test_line_06_a_body_that_is_not_said_to_be_json_is_415(organiser, problem, content_type):
    problem(send(organiser, '{"event_id": 1}', content_type), 415)


def test_a_form_of_a_foreign_page_is_415(organiser, problem):
    problem(organiser.post("/users", data={"email": "a@b.in"}), 415)


def test_json_with_a_charset_is_json(organiser, problem):
    problem(send(organiser, '{"event_id": 1, "user_id": 1}', f"{JSON}; charset=utf-8"), 404)


def test_a_duplicate_field_books_nothing_twice(organiser, make_user, make_event, sql):
    user, event = make_user(), make_event()
    body = f'{{"user_id": {user.id}, "event_id": {event.id}, "seats": 1, "seats": 2}}'
    assert send(organiser, body).status_code < 500
    assert sql("SELECT count(*) <= 1 FROM bookings") == [(True,)]


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT"])
def test_a_method_that_an_address_lacks_is_405(organiser, problem, make_event, method):
    answer = organiser(method, f"/events/{make_event().id}")
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_an_unknown_address_is_a_404_problem(organiser, problem):
    problem(organiser.get("/nothing/here"), 404)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "", "x\\y"])
def test_a_foreign_host_is_400(organiser, problem, host):
    problem(organiser.get("/events", headers={"Host": host}), 400)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:8000"])
def test_our_own_host_is_answered(organiser, host):
    assert organiser.get("/events", headers={"Host": host}).status_code == 200


def test_a_host_that_the_settings_name_is_answered(make_app, clean):
    client = make_app(trusted_hosts=("tickets.example.org",)).test_client()
    good, bad = {"Host": "tickets.example.org"}, {"Host": "evil.example.org"}
    assert client.get("/api/events", headers=good).status_code == 200
    assert client.get("/api/events", headers=bad).status_code == 400


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_a_load_balancer_may_ask_for_health_by_our_address(organiser, path):
    assert organiser.get(path, headers={"Host": "10.20.30.40:8000"}).status_code == 200


def test_the_scheme_is_known_behind_several_proxies_that_tell_it_once(make_app, clean):
    client = make_app(proxy_hops=2).test_client()
    told = {"X-Forwarded-For": "203.0.113.9, 203.0.113.1", "X-Forwarded-Proto": "https"}
    assert "Strict-Transport-Security" in client.get("/api/events", headers=told).headers
