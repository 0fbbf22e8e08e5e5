"""What every page is held to: tokens, headers, hosts, harmless text."""

import re
from uuid import UUID

import pytest

from tests.web.conftest import HTML, Visitor

MARKUP = "<script>alert(1)</script>{{7*7}}\" onload=x hx-on='x'"


def forms(app):
    """Every address that takes a form."""
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and not rule.rule.startswith("/api"):
            yield (
                rule.rule.replace("<id:event_id>", "1")
                .replace("<id:booking_id>", "1")
                .replace("<id:token_id>", "1")
                .replace("<id:key_id>", "1")
            )


def test_every_form_needs_its_token(app, visitor):
    paths = list(forms(app))
    assert len(paths) >= 10
    for path in paths:
        answer = visitor.post(path, {"seats": "1"}, csrf=False)
        if path == "/events/1/bookings":
            # Its session is over, or never was: the choice is taken along to the sign-in.
            assert answer.location == "/events/1/bookings?seats=1"
        else:
            assert answer.status_code == 400, path


def test_every_admin_page_sends_the_anonymous_to_the_login(app, visitor):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    guarded = [rule for rule in rules if not rule.endpoint.startswith("admin_login.")]
    assert len(guarded) >= 8
    for rule in guarded:
        path = re.sub("<id:[a-z_]+>", "1", rule.rule).replace("<uuid:token>", f"{UUID(int=1)}")
        method = visitor.post if "POST" in rule.methods else visitor.get
        answer = method(path)
        assert answer.status_code == 303, path
        assert answer.location.startswith("/admin/login"), path


def test_a_user_who_is_signed_in_is_no_organiser(signed_in):
    assert signed_in.get("/admin/events").location.startswith("/admin/login")


def test_pages_carry_the_headers_that_keep_them_safe(visitor, make_event):
    make_event()
    headers = visitor.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert "HX-Request" in headers["Vary"]


def test_admin_pages_are_stored_nowhere(organiser):
    assert organiser.get("/admin/events").headers["Cache-Control"] == "no-store"


def test_a_wrong_host_is_refused(visitor, clean):
    assert visitor.get("/", headers={**HTML, "Host": "evil.example"}).status_code == 400


def test_text_of_people_is_shown_and_never_obeyed(signed_in, make_event, make_booking, alice):
    event = make_event(name=MARKUP, venue=MARKUP, description=MARKUP)
    make_booking(event=event, user=alice)
    for path in ("/", f"/events/{event.id}/{event.slug}", "/bookings", "/bookings/1"):
        page = signed_in.get(path).text
        assert "<script>alert" not in page, path
        assert "{{7*7}}" in page, path


def test_the_admin_key_stands_in_no_cookie_and_on_no_page(organiser, settings):
    key = settings.admin_key[0]
    assert key not in organiser.cookie().value
    assert key not in organiser.get("/admin/events").text


def test_the_api_reads_no_cookie_and_sets_none(signed_in, visitor):
    answer = visitor.get("/bookings/1", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_robots_are_asked_to_leave_the_house_alone(visitor, clean):
    assert "Disallow: /admin" in visitor.get("/robots.txt").text


def test_the_eleventh_wrong_admin_key_in_a_minute_is_refused(visitor, clean):
    statuses = [visitor.log_in("no key of ours").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("claimed", ["1.2.3.4, ", '"', '"a, ', '1.2.3.4, "b', '"\\", ', ", , "])
def test_whatever_a_visitor_claims_a_proxy_is_believed_about_the_address(make_app, clean, claimed):
    visitor = Visitor(make_app(proxy_hops=1))

    def try_a_key(claimed):
        # The proxy adds the true address after it.
        headers = {**HTML, "X-Forwarded-For": f"{claimed}, 192.0.2.7"}
        return visitor.post("/admin/login", {"key": "no key"}, headers=headers).status_code

    assert [try_a_key(f"{number}{claimed}") for number in range(10)] == [422] * 10
    assert try_a_key("192.0.2.9") == 429
