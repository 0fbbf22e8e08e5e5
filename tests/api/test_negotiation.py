"""One address, two representations: a page for a browser, JSON for a program."""

import re

import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
SHARED = ["/events", "/events/1", "/bookings"]


@pytest.fixture
def event(make_event):
    return make_event(name="Indie Concert")


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/plain", "text/html;q=0"])
@pytest.mark.parametrize("path", ["/events", "/events/1", "/events/999", "/health"])
def test_a_program_is_answered_in_json(client, event, accept, path):
    headers = {"Accept": accept} if accept else {}
    assert client.get(path, headers=headers).mimetype.endswith("json")


@pytest.mark.parametrize("headers", [{"Accept": BROWSER}, {"HX-Request": "true"}])
@pytest.mark.parametrize("path", ["/events", "/events/1", "/bookings"])
def test_a_browser_is_not_answered_in_json(client, event, headers, path):
    answer = client.get(path, headers=headers)
    assert answer.status_code < 400
    assert "json" not in (answer.mimetype or "")


@pytest.mark.parametrize("headers", [{}, {"Accept": BROWSER}, {"HX-Request": "true"}])
@pytest.mark.parametrize(
    "path", ["/api/events", "/api/events/1", "/api/events/999", "/api/nothing"]
)
def test_below_api_everything_is_json(client, event, headers, path):
    assert client.get(path, headers=headers).mimetype.endswith("json")


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("headers", [{}, {"Accept": BROWSER}, {"HX-Request": "true"}])
def test_caches_are_told_what_an_answer_varies_by(client, event, headers, path):
    vary = {name.strip() for name in client.get(path, headers=headers).headers["Vary"].split(",")}
    assert {"Accept", "HX-Request"} <= vary


def test_what_only_the_api_has_does_not_vary_by_accept(client, event):
    assert "Accept" not in client.get("/api/events").headers.get("Vary", "").split(", ")


def test_a_browser_is_sent_from_an_event_to_the_address_that_people_share(client, event):
    answer = client.get("/events/1", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["Location"]) == (301, "/events/1/indie-concert")


@pytest.mark.parametrize("path", ["/", "/events/1/indie-concert"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", BROWSER, ""])
def test_the_addresses_that_people_share_are_always_pages(client, event, path, accept):
    answer = client.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_a_wrong_slug_leads_to_the_right_one(client, event):
    answer = client.get("/events/1/jazz", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "/events/1/indie-concert")


def test_a_browser_may_use_what_no_page_has(client, event):
    assert client.get("/health", headers={"Accept": BROWSER}).json == {"status": "ok"}
    answer = client.delete("/bookings/1", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_an_error_is_a_page_for_a_browser_and_a_problem_for_a_program(client):
    page = client.get("/events/999", headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    problem = client.get("/events/999")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


def test_an_unknown_address_is_a_page_for_a_browser_and_a_problem_for_a_program(client):
    assert client.get("/nothing", headers={"Accept": BROWSER}).mimetype == "text/html"
    assert client.get("/nothing").mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/events", "/events", "/health", "/nothing"])
def test_every_answer_keeps_browsers_from_guessing_its_kind(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Access-Control-Allow-Origin" not in headers


def test_a_head_request_is_answered_like_get_without_its_body(client, event):
    answer = client.head("/events/1")
    assert (answer.status_code, answer.data) == (200, b"")


def twins(app):
    """Every call of the API, but for the ids in its address: method and bare address."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<[^>]+>", "1", rule.rule.removeprefix("/api"))
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, path


# A moment, or a place in time, is another at each call.
MOVING = re.compile(r'"(at|created_at|updated_at|now|cursor)":"[^"]+"')


def told(answer):
    kept = {name: answer.headers.get(name) for name in ("Content-Type", "Link", "ETag", "Location")}
    body = MOVING.sub("", answer.get_data(as_text=True))
    return answer.status_code, kept, body.replace("/api/", "/")


@pytest.mark.parametrize("key", ["nobody", "organiser"])
def test_the_bare_addresses_answer_as_those_below_api(app, client, event, admin, key):
    """Calls that change nothing, or are refused: an empty body fits none of those that change."""
    headers = admin if key == "organiser" else {}
    calls = [(m, p) for m, p in twins(app) if "image" not in p and not (m == "DELETE" and headers)]
    assert len(calls) > 20
    for method, path in calls:
        if path in {"/openapi.json", "/admin/seed_demo_data"}:
            continue  # a document of /api alone; a call that takes no body
        bare, prefixed = (
            told(client.open(f"{prefix}{path}", method=method, headers=headers, json={"x": 1}))
            for prefix in ("", "/api")
        )
        assert bare == prefixed, f"{method} {path}"


def test_an_order_at_a_bare_address_is_the_one_below_api(client, event, make_user, make_token):
    """The fast path answers both: the second finds what the first has made."""
    token = make_token(make_user())
    body = {"event_id": event.id, "seats": 1, "idempotency_key": "k"}
    first, again = (
        client.post(path, json=body, headers=token) for path in ("/bookings", "/api/bookings")
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
