"""Line 6: nothing is changed but by a form of ours, or by a program that says what it sends."""

import re

import pytest

from app.edge.access import RULES, Who
from app.models import Role
from tests.access.world import PERSONAS, ask, headers_of, rules_of
from tests.support.tables import TABLES
from tests.web.conftest import HTML, Visitor

DERIVED = {"sales_days", "summed_days"}
"""Sums of what is in the other tables, kept by whoever looks first."""
SCRIPTS = {"door_sync.create"}
"""What pages' scripts send as JSON, which no other site's page can without being asked first."""
SIGNED = {"online_payments.webhook"}
"""What no browser sends: a signature over the whole body proves where it comes from."""
FORMS = [endpoint for endpoint in RULES if not endpoint.startswith("api_")]


def address(rule, ids):
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: str(ids[found[1]]), rule.rule)


def forms(app):
    return {
        endpoint: rule
        for endpoint, rule in rules_of(app).items()
        if "POST" in rule.methods
        and not rule.rule.startswith("/api")
        and endpoint not in SCRIPTS | SIGNED
    }


def browser_of(app, persona):
    visitor = Visitor(app)
    with visitor._client.session_transaction() as session:
        session.update(persona.session)
    return visitor


def persona_for(endpoint):
    return "alice" if RULES[endpoint] in {Who.USER, Who.ANYONE} else Role.OWNER


@pytest.mark.parametrize("token", [None, "", "x", "another session's"])
def test_line_06_every_form_needs_the_token_of_its_own_session(app, world, facts, token):
    found = forms(app)
    assert len(found) >= 35
    stranger = Visitor(app).csrf_token()
    before = facts()
    for endpoint, rule in found.items():
        visitor = browser_of(app, world.personas[persona_for(endpoint)])
        visitor.get("/sign-in")
        sent = {"seats": "1"}
        if token is not None:
            sent["csrf_token"] = stranger if token == "another session's" else token
        answer = visitor.post(address(rule, world.ids), sent, csrf=False)
        assert answer.status_code == 400, endpoint
        assert "send it" in answer.text
    assert facts() == before


@pytest.mark.parametrize(
    ("headers", "status", "booked"),
    [
        ({}, 400, 0),
        ({"Origin": "null"}, 303, 0),
        ({"Origin": "https://evil.example"}, 400, 0),
        ({"Sec-Fetch-Site": "cross-site"}, 400, 0),
        ({"Origin": "http://localhost"}, 303, 1),
        ({"Sec-Fetch-Site": "same-origin"}, 303, 1),
    ],
)
def test_line_06_a_guest_books_without_a_token_from_our_own_page_alone(
    visitor, make_event, sql, headers, status, booked
):
    """The one form of nobody's session: the page that it stands on is the same for everybody."""
    wish = {"name": "A", "email": "a@example.com", "seats": "1", "idempotency_key": "k" * 10}
    path = f"/events/{make_event().id}/bookings"
    answer = visitor.post(path, wish, {**HTML, **headers}, csrf=False)
    assert answer.status_code == status
    assert sql("SELECT count(*) FROM bookings") == [(booked,)]


def test_line_06_who_is_signed_in_books_with_a_token_alone(signed_in, make_event, sql):
    wish = {"name": "A", "email": "a@example.com", "seats": "1", "idempotency_key": "k" * 10}
    path = f"/events/{make_event().id}/bookings"
    answer = signed_in.post(path, wish, {**HTML, "Origin": "http://localhost"}, csrf=False)
    assert answer.status_code == 400
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_line_06_what_scripts_send_needs_json(app, world, facts, kind):
    before = facts()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in SCRIPTS:
            visitor = browser_of(app, world.personas[persona_for(rule.endpoint)])
            body, headers = '{"scans": []}', {"Content-Type": kind}
            answer = visitor.post(address(rule, world.ids), body=body, headers=headers)
            assert answer.status_code == 415, rule.endpoint
    assert facts() == before


def test_line_06_a_foreign_page_signs_nobody_in(visitor, alice, settings):
    """Neither as itself: what somebody does then would be seen by whoever owns that account."""
    wish = {"email": alice.email, "password": "correct horse battery"}
    assert visitor.post("/sign-in", wish, csrf=False).status_code == 400
    key = {"key": settings.admin_key[0]}
    assert visitor.post("/admin/login", key, csrf=False).status_code == 400


@pytest.fixture
def everything(sql):
    """All that is kept, but for when a key or a token was last used, and sums; and for who took
    guests' data along, which is noted whichever way they asked for it."""

    def read():
        tables = sorted(set(TABLES.replace(" ", "").split(",")) - DERIVED)
        seen = "to_jsonb(t) - 'last_used_at'"
        query = "SELECT jsonb_agg({seen} ORDER BY {seen}::text) FROM {table} t"
        query += " WHERE to_jsonb(t)->>'action' IS DISTINCT FROM 'guests.exported'"
        return {name: sql(query.format(seen=seen, table=name)) for name in tables}

    return read


@pytest.mark.parametrize("method", ["GET", pytest.param("HEAD", marks=pytest.mark.whole)])
def test_line_06_get_and_head_change_nothing(app, world, everything, redis, method):
    before = everything()
    asked = 0
    for endpoint, rule in rules_of(app).items():
        for name in PERSONAS:
            persona = world.personas[name]
            visitor = browser_of(app, persona)
            headers = headers_of(persona) if rule.rule.startswith("/api") else HTML
            path = address(rule, world.ids)
            answer = visitor._client.open(path, method=method, headers=headers)
            answer.get_data()
            answer.close()
            assert answer.status_code < 500, (endpoint, name)
            asked += 1
    assert asked > 400
    assert everything() == before


def test_line_06_no_other_name_makes_a_get_a_post(app, world, everything):
    """Some frameworks take the method from a header, a field or the query."""
    visitor, ids = browser_of(app, world.personas[Role.OWNER]), world.ids
    before = everything()
    path = f"/admin/events/{ids['event_id']}/deletion"
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert visitor.get(path, headers={**HTML, name: "POST"}).status_code == 200
    assert visitor.get(f"{path}?_method=POST").status_code == 200
    assert everything() == before


BODIES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]


@pytest.mark.parametrize("content_type", [*BODIES, "application/json-patch+json", ""])
def test_line_06_the_api_needs_json(app, world, everything, client, content_type):
    """What a foreign page can send without asking first is refused, whoever is asked for."""
    before = everything()
    asked = 0
    for endpoint, rule in rules_of(app).items():
        methods = rule.methods & {"POST", "PUT", "PATCH"}
        if not rule.rule.startswith("/api/") or not methods:
            continue
        answer = client.open(
            address(rule, world.ids),
            method=methods.pop(),
            data=b'{"seats": 1}',
            content_type=content_type,
            headers=headers_of(world.personas[Role.OWNER]),
        )
        asked += 1
        assert answer.status_code == 415, endpoint
    assert asked >= 10
    assert everything() == before


@pytest.mark.parametrize("name", ["alice", Role.OWNER])
def test_line_06_the_api_reads_no_cookie_and_sets_none(app, world, name):
    visitor = browser_of(app, world.personas[name])
    for endpoint, rule in rules_of(app).items():
        if not rule.rule.startswith("/api/"):
            continue
        method = sorted(rule.methods - {"HEAD", "OPTIONS"})[0]
        answer = visitor._client.open(address(rule, world.ids), method=method, json={})
        assert "Set-Cookie" not in answer.headers
        if RULES[endpoint] != Who.ANYONE:
            assert answer.status_code == 401, endpoint


def test_line_06_each_call_of_the_world_is_asked_as_somebody_who_may(app, world):
    """Else the walks above would be refused at the door, and prove nothing."""
    for endpoint in FORMS:
        if "GET" in rules_of(app)[endpoint].methods:
            answer = ask(app, endpoint, world.personas[persona_for(endpoint)], world.ids)
            assert answer.status_code not in {401, 403}, endpoint
