"""Lines 7 and 8: what each answer tells the browser, and that nobody is led off the site."""

import re

import pytest

from app.edge.access import RULES, Who
from app.models import Role
from tests.access.test_access import LEAVING
from tests.access.world import ask, rules_of
from tests.web.conftest import HTML, PASSWORD, Visitor

ABSENT = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
)
SECRET = re.compile(r"(tickets|gifts|sign_in_links)\.")
"""Addresses that let in whoever has them: no other page is told of them."""


def policy_of(answer):
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: set(sources) for name, *sources in (part.split() for part in parts)}


def in_order(app, *who):
    """Every address: those that are looked at first, those that take something away last."""
    rules = rules_of(app)
    wanted = [endpoint for endpoint in RULES if not who or RULES[endpoint] in who]
    return sorted(
        wanted, key=lambda e: ("GET" not in rules[e].methods, "delete" in e, e in LEAVING)
    )


@pytest.mark.parametrize("persona", ["anonymous", "alice", Role.OWNER])
def test_line_07_every_answer_has_the_headers_that_keep_it_safe(app, world, persona):
    for endpoint in in_order(app):
        answer = ask(app, endpoint, world.personas[persona], world.ids)
        policy = policy_of(answer)
        assert policy.pop("default-src") == {"'none'"}
        assert policy.pop("base-uri") == {"'none'"}
        assert policy.pop("frame-ancestors") == {"'none'"}
        assert policy.pop("form-action") == {"'self'"}
        images = policy.pop("img-src")
        # Swagger UI draws its arrows from data: addresses; an image runs nothing.
        assert images == ({"'self'", "data:"} if endpoint == "docs.swagger_ui" else {"'self'"})
        assert set().union(*policy.values()) == {"'self'"}
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        passed_on = "no-referrer" if SECRET.match(endpoint) else "strict-origin-when-cross-origin"
        assert answer.headers["Referrer-Policy"] == passed_on, endpoint
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        is_door = rules_of(app)[endpoint].rule.startswith("/door/")
        camera = "camera=(self)" if is_door else "camera=()"
        rules = answer.headers["Permissions-Policy"].split(", ")
        assert set(rules) == {camera, "geolocation=()", "microphone=()"}
        assert "Strict-Transport-Security" not in answer.headers
        assert [name for name in ABSENT if name in answer.headers] == []
        assert answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/nowhere", "/events/999", "/bookings/x", "/api/nowhere", "/%FF"])
def test_line_07_an_error_has_them_too(client, clean, path):
    answer = client.get(path, headers=HTML)
    assert policy_of(answer)["default-src"] == {"'none'"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_line_07_no_page_needs_what_the_policy_forbids(app, world):
    """No script, style or handler inside of any page: the policy costs nothing that is used."""
    pages = [e for e, rule in rules_of(app).items() if "GET" in rule.methods]
    seen = 0
    for endpoint in pages:
        for persona in ("anonymous", Role.OWNER, "alice"):
            answer = ask(app, endpoint, world.personas[persona], world.ids)
            if answer.mimetype != "text/html":
                continue
            seen += 1
            page = answer.text.replace('<script type="application/ld+json">', "")
            assert "<script>" not in page, endpoint
            assert "<style" not in page, endpoint
            for inside in (" style=", " onclick=", " onload=", "hx-on", "javascript:"):
                assert inside not in page, (endpoint, inside)
    assert seen > 40


def test_line_07_hsts_is_sent_behind_tls_alone(make_app, clean):
    proxied, direct = make_app(proxy_hops=1).test_client(), make_app().test_client()
    tls = {**HTML, "X-Forwarded-Proto": "https"}
    name = "Strict-Transport-Security"
    assert proxied.get("/sign-in", headers=tls).headers[name] == "max-age=31536000"
    assert name not in proxied.get("/sign-in", headers=HTML).headers
    # Nobody in front: what a visitor claims is not believed.
    assert name not in direct.get("/sign-in", headers=tls).headers


def test_line_07_admin_pages_are_kept_nowhere(app, world):
    seen = set()
    for endpoint in in_order(app, Who.SEE, Who.MANAGE, Who.KEYS, Who.CHECK_IN):
        if endpoint.startswith("admin_"):
            answer = ask(app, endpoint, world.personas[Role.OWNER], world.ids)
            assert answer.headers["Cache-Control"] == "no-store", endpoint
            seen.add(answer.status_code)
    assert {200, 303} <= seen


def test_line_07_what_is_one_persons_own_is_kept_nowhere_either(app, world):
    for endpoint in in_order(app, Who.USER):
        if not endpoint.startswith("api_"):
            answer = ask(app, endpoint, world.personas["alice"], world.ids)
            assert answer.headers["Cache-Control"] == "no-store", endpoint


FOR_ALL = {"api_events.list_events", "api_events.get_event"}
"""What anybody is told, and may keep until it is asked for again."""


def test_line_07_what_a_program_is_told_is_kept_nowhere_but_what_is_for_all(app, world):
    seen = set()
    for endpoint in in_order(app):
        rule = rules_of(app)[endpoint].rule
        if rule.startswith("/api/"):
            answer = ask(app, endpoint, world.personas[Role.OWNER], world.ids)
            kept = "no-cache" if endpoint in FOR_ALL else "no-store"
            assert answer.headers["Cache-Control"] == kept, endpoint
            seen.add(answer.status_code)
    assert {200, 201, 204} <= seen


def test_line_07_a_booking_by_the_express_lane_is_kept_nowhere(
    client, admin, make_event, make_user
):
    wish = {"user_id": make_user().id, "event_id": make_event(capacity=1).id}
    answers = [client.post("/api/bookings", json=wish, headers=admin) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_line_07_no_other_site_is_let_in_by_asking(client, admin, clean):
    foreign = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-admin-key",
    }
    for path in ("/api/bookings", "/bookings", "/api/admin/events", "/sign-in"):
        for answer in (
            client.options(path, headers=foreign),
            client.get(path, headers={**foreign, **admin}),
        ):
            assert [name for name in ABSENT if name in answer.headers] == []


HOSTS = [
    *("evil.example", "evil.example:80", "localhost.evil.example", "evil.example#localhost"),
    *(
        "localhost@evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.7",
        "[2001:db8::7]",
        "localhost,evil",
    ),
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/sign-in", "/admin/login", "/api/events", "/api/bookings"])
def test_line_08_a_wrong_host_is_refused(client, admin, clean, host, path):
    method = "POST" if path == "/api/bookings" else "GET"
    wish = {"event_id": 1, "user_id": 1} if method == "POST" else None
    headers = {**HTML, **admin, "Host": host}
    answer = client.open(path, method=method, headers=headers, json=wish)
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_line_08_no_other_header_names_the_host(make_app, clean, make_event):
    """Behind a proxy, too: nothing a visitor claims gets into a page, or into one that is kept."""
    event, client = make_event(), make_app(proxy_hops=1).test_client()
    path = f"/events/{event.id}/{event.slug}"
    names = ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Forwarded-Prefix")
    for name in names:
        headers = {**HTML, name: "host=evil.example" if name == "Forwarded" else "evil.example"}
        assert "evil" not in client.get(path, headers=headers).text
    assert "evil" not in client.get(path, headers=HTML).text


AWAY = ["//e", "/\\e", "/\t/e", "https:e", "///e", "\\\\e", "/\n/e", "javascript:alert(1)", "//e@h"]


@pytest.mark.parametrize("target", [*AWAY, "/%09/e"])
@pytest.mark.parametrize("door", ["/sign-in", "/sign-up", "/admin/login"])
def test_line_08_no_next_leads_off_the_site(app, alice, settings, door, target):
    visitor = Visitor(app)
    page = visitor.get(door, query_string={"next": target})
    assert page.status_code == 200
    form = {
        "/sign-in": {"email": alice.email, "password": PASSWORD},
        "/sign-up": {"name": "Bob", "email": "bob@example.com", "password": PASSWORD},
        "/admin/login": {"key": settings.admin_key[0]},
    }[door]
    answer = visitor.post(door, {**form, "next": target})
    assert answer.status_code == 303
    # A percent sign stays one, so this is an address of ours, if of nothing.
    home = {"/admin/login": "/admin"}.get(door, "/")
    assert answer.location == (target if target in {"/%09/e"} else home)


def test_line_08_no_address_of_ours_leads_off_the_site(client, make_event):
    make_event()
    for path in ("//evil.example", "//evil.example/..", "/\\evil.example", "/events//evil.example"):
        answer = client.get(path, headers=HTML)
        assert not answer.headers.get("Location", "").startswith(("//", "http://evil", "/\\"))
