"""Every address, asked by everybody: what comes of it is what `app/edge/access.py` says."""

import re
from dataclasses import dataclass, field

import pytest
from flask import Flask

from app.api.callers import admit as programs
from app.edge import access
from app.edge.access import OWN, RULES, Who
from app.models import Role
from app.services import sign_ins, staff
from app.services.api_tokens import create_api_token
from tests.web.conftest import Visitor

ROLES = [Who.VIEWER, Who.ORGANISER, Who.OWNER]
PERSONAS = ["anonymous", "bob", *ROLES, "alice"]
"""Alice, whose things are asked for, last: she may lose them."""


@dataclass
class Persona:
    name: str
    key: str = ""
    token: str = ""
    session: dict = field(default_factory=dict)

    def may(self, endpoint):
        """What the table says: True, False, or 404 for what is another user's."""
        who, user = RULES[endpoint], self.name in {"alice", "bob"}
        if who in ROLES:
            return self.name in ROLES and ROLES.index(self.name) >= ROLES.index(who)
        if who == Who.USER and not user:
            return False
        if who == Who.CALLER and not user and self.name not in {Who.ORGANISER, Who.OWNER}:
            return False
        return 404 if self.name == "bob" and endpoint in OWN else True


class World:
    """One of each thing there is; whatever is Alice's, Bob asks for too."""

    def __init__(self, app, factories):
        self.personas = {name: Persona(name) for name in PERSONAS}
        event = factories.event(capacity=20)
        users = {name: factories.user(f"{name}@example.com") for name in ("alice", "bob")}
        booking = factories.booking(event, users["alice"], seats=2)
        tokens = {}
        with app.app_context():
            for name, user in users.items():
                persona = self.personas[name]
                token, persona.token = create_api_token(user.id, "laptop")
                persona.session = {"user": sign_ins.begin_for_user(user)}
                tokens[name] = token.id
            for role in ROLES:
                key, secret = staff.create_key(f"{role} key", Role(role))
                self.personas[role].key = secret
                self.personas[role].session = {"admin": sign_ins.begin_for_staff(key.key_digest)}
            spare, _ = staff.create_key("spare", Role.VIEWER)
        self.ids = {
            "event_id": event.id,
            "booking_id": booking.id,
            "user_id": users["alice"].id,
            "token_id": tokens["alice"],
            "key_id": spare.id,
            "slug": event.slug,
            "digest": "0" * 64,
            "filename": "css/site.css",
            "token": "0b6b2f0e-8f35-4f0e-9d3c-3a1d9c1f7a55",
        }


@pytest.fixture
def world(app, factories):
    return World(app, factories)


@pytest.fixture
def facts(sql):
    """All that a refused request must leave as it was."""

    def ask():
        tables = ("events", "bookings", "users", "api_tokens", "staff_keys", "event_images")
        seen = "to_jsonb(t) - 'last_used_at'"
        query = "SELECT jsonb_agg({seen} ORDER BY {seen}::text) FROM {table} t"
        return [sql(query.format(seen=seen, table=table)) for table in tables]

    return ask


def rules_of(app):
    return {rule.endpoint: rule for rule in app.url_map.iter_rules()}


def ask(app, endpoint, persona, ids):
    """What the persona gets at the address: by headers from the API, by its session on pages."""
    rule = rules_of(app)[endpoint]
    method = next(iter(sorted(rule.methods - {"HEAD", "OPTIONS"})))
    path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: str(ids[found[1]]), rule.rule)
    if path.startswith("/api/"):
        body = {"seats": 1} if endpoint == "api_bookings.change_booking" else {}
        headers = headers_of(persona)
        return read(app.test_client().open(path, method=method, json=body, headers=headers))
    visitor = Visitor(app)
    with visitor._client.session_transaction() as session:
        session.update(persona.session)
    if method == "POST":
        return read(visitor.post(path))
    return read(visitor.get(path, headers={"Accept": "text/html", **headers_of(persona)}))


def read(answer):
    """To its end: a file is sent while it is read."""
    answer.get_data()
    answer.close()
    return answer


def headers_of(persona):
    if persona.key:
        return {"X-Admin-Key": persona.key}
    return {"Authorization": f"Bearer {persona.token}"} if persona.token else {}


def is_refused(answer):
    where = answer.headers.get("Location", "")
    return answer.status_code in {401, 403} or bool(re.match("/(sign-in|admin/login)", where))


LEAVING = {"account.sign_out_everywhere", "account.delete", "admin_own_key.log_out_everywhere"}
"""Whoever may ask these is led to a door as well, outwards."""


@pytest.mark.parametrize("endpoint", [e for e, who in RULES.items() if who == Who.ANYONE])
def test_what_is_open_is_open_to_everybody(app, world, endpoint):
    for persona in world.personas.values():
        answer = ask(app, endpoint, persona, world.ids)
        assert answer.status_code < 500
        assert answer.status_code not in {401, 403}, persona.name


@pytest.mark.parametrize("endpoint", [e for e, who in RULES.items() if who != Who.ANYONE])
def test_each_address_lets_in_whom_the_table_names(app, world, facts, endpoint):
    before = facts()
    expected = {name: p.may(endpoint) for name, p in world.personas.items()}
    is_api = rules_of(app)[endpoint].rule.startswith("/api/")
    for persona in world.personas.values():
        other = Persona(persona.name, session=persona.session)
        if not is_api:
            other = Persona(persona.name, key=persona.key, token=persona.token)
        assert is_refused(ask(app, endpoint, other, world.ids)), f"{persona.name}, the wrong way"
    for name in [name for name in PERSONAS if expected[name] is not True]:
        answer = ask(app, endpoint, world.personas[name], world.ids)
        if expected[name] == 404:
            assert answer.status_code == 404, name
        else:
            assert is_refused(answer), name
    assert facts() == before
    for name in [name for name in PERSONAS if expected[name] is True]:
        answer = ask(app, endpoint, world.personas[name], world.ids)
        assert answer.status_code < 500
        assert endpoint in LEAVING or not is_refused(answer), (name, answer.status_code)


@pytest.mark.parametrize("endpoint", sorted(OWN))
def test_what_is_alices_is_there_for_alice(app, world, endpoint):
    assert ask(app, endpoint, world.personas["alice"], world.ids).status_code != 404


def test_who_asks_to_be_logged_out_everywhere_is(app, world, sql):
    ask(app, "admin_own_key.log_out_everywhere", world.personas[Who.VIEWER], world.ids)
    assert sql("SELECT count(*) FROM sign_ins") == [(4,)]


def app_with(*rules):
    app = Flask(__name__, static_folder=None)
    for endpoint in (*RULES, *rules):
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "in")
    return app


def doors():
    return dict.fromkeys(("users", "staff", "programs"), programs)


def test_an_address_without_a_rule_keeps_the_application_from_being_made():
    access.init_app(app_with(), **doors())
    with pytest.raises(RuntimeError, match=r"admin_events\.give_away"):
        access.init_app(app_with("admin_events.give_away"), **doors())


def test_a_rule_without_an_address_keeps_the_application_from_being_made(monkeypatch):
    app = app_with()
    monkeypatch.setitem(access.RULES, "gone.page", Who.ANYONE)
    with pytest.raises(RuntimeError, match=r"gone\.page"):
        access.init_app(app, **doors())


def test_an_address_that_appears_later_is_closed(make_app):
    app = make_app()
    app.add_url_rule("/late", "late", lambda: "in")
    assert app.test_client().get("/late").status_code == 401
