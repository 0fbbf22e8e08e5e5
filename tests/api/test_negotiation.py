"""One address, two representations: a page for a browser, JSON for a program."""

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
