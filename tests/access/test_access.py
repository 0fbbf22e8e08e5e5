"""Every address, asked by everybody: what comes of it is what `app/edge/access.py` says."""

import pytest
from flask import Flask

from app.api.callers import admit as programs
from app.edge import access
from app.edge.access import OWN, RULES, Who
from app.models import Role
from tests.access.world import PERSONAS, Persona, ask, is_refused, rules_of

LEAVING = {"account.sign_out_everywhere", "account.delete", "admin_own_key.log_out_everywhere"}
"""Whoever may ask these is led to a door as well, outwards."""


@pytest.mark.parametrize("endpoint", [e for e, who in RULES.items() if who == Who.ANYONE])
def test_what_is_open_is_open_to_everybody(app, world, endpoint):
    for persona in world.personas.values():
        answer = ask(app, endpoint, persona, world.ids)
        assert answer.status_code < 500
        assert answer.status_code not in {401, 403}, persona.name


@pytest.mark.parametrize("endpoint", [e for e, who in RULES.items() if who != Who.ANYONE])
def test_line_01_each_address_lets_in_whom_the_table_names(app, world, facts, endpoint):
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
    ask(app, "admin_own_key.log_out_everywhere", world.personas[Role.VIEWER], world.ids)
    assert sql("SELECT count(*) FROM sign_ins") == [(5,)]


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
