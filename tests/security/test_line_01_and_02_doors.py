"""Lines 1 and 2: whose door it is refuses everybody else, and a key is shown to nobody.

Every address, asked by everybody, is in tests/access/test_access.py.
"""

import hmac
import re
import secrets
from uuid import UUID

import pytest

from app.edge.access import OWN, RULES, Who
from app.models import Role
from app.services.secrets import matching_key
from tests.access.world import ask, is_refused, rules_of
from tests.support.logbook import LOGBOOK
from tests.web.conftest import HTMX


def test_line_01_every_admin_page_sends_the_anonymous_to_the_login(app, visitor):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    guarded = [rule for rule in rules if not rule.endpoint.startswith("admin_login.")]
    assert len(guarded) >= 30
    for rule in guarded:
        path = re.sub("<id:[a-z_]+>", "1", rule.rule).replace("<uuid:token>", f"{UUID(int=1)}")
        method = visitor.post if "POST" in rule.methods else visitor.get
        answer = method(path)
        assert answer.status_code == 303, path
        assert answer.location.startswith("/admin/login"), path


def test_line_01_a_fragment_refuses_as_its_page_does(app, world, visitor):
    """By the header of HTMX, which asks for a part of the page alone."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or rule.endpoint.startswith("admin_login."):
            continue
        if "GET" in rule.methods:
            path = re.sub("<id:[a-z_]+>", "1", rule.rule).replace("<uuid:token>", f"{UUID(int=1)}")
            answer = visitor.get(path, headers=HTMX)
            assert (answer.status_code, answer.text) == (204, ""), path
            assert answer.headers["HX-Redirect"].startswith("/admin/login"), path


def test_line_01_a_user_who_is_signed_in_is_no_organiser(signed_in):
    assert signed_in.get("/admin/events").location.startswith("/admin/login")


@pytest.mark.parametrize("endpoint", sorted(OWN))
def test_line_01_what_is_alices_is_not_found_by_bob(app, world, facts, endpoint):
    before = facts()
    assert ask(app, endpoint, world.personas["bob"], world.ids).status_code == 404
    assert facts() == before


@pytest.mark.parametrize("endpoint", ["my_bookings.index", "account.show", "account.export"])
def test_line_01_bobs_own_lists_hold_nothing_of_alices(app, world, endpoint, sql):
    alices = world.ids["booking_id"]
    ((reference,),) = sql("SELECT reference FROM bookings WHERE id = %s", alices)
    alice, bob = (ask(app, endpoint, world.personas[p], world.ids).text for p in ("alice", "bob"))
    said = {
        "my_bookings.index": f"/bookings/{alices}",
        "account.export": reference,
    }
    for theirs in filter(None, (said.get(endpoint), "alice@example.com")):
        if endpoint != "my_bookings.index" or theirs != "alice@example.com":
            assert theirs in alice
        assert theirs not in bob


@pytest.mark.parametrize("endpoint", [e for e, who in RULES.items() if who == Who.USER])
def test_line_01_an_organiser_sees_nothing_that_is_a_users_own(app, world, endpoint):
    assert is_refused(ask(app, endpoint, world.personas[Role.OWNER], world.ids))


def test_line_02_keys_are_compared_as_bytes_in_constant_time_every_key_each_time(monkeypatch):
    compared, compare = [], hmac.compare_digest

    def spy(one, other):
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    keys = [secrets.token_urlsafe(32) for _ in range(2)]
    for given, found in ((keys[0], keys[0]), (keys[1], keys[1]), ("x", None), ("ключ\udcff", None)):
        compared.clear()
        assert matching_key(given, keys) == found
        assert len(compared) == len(keys)
        assert {type(value) for pair in compared for value in pair} == {bytes}
        # Alike in length, whatever was given: time tells nothing of that either.
        assert len({len(value) for pair in compared for value in pair}) == 1


@pytest.mark.parametrize("header", ["X-Admin-Key", "Authorization"])
@pytest.mark.parametrize("value", ["schlüssel", "ключ ☂", "Bearer ключ", "\udcff", "x" * 5_000])
def test_line_02_a_header_of_other_letters_is_401(client, clean, header, value):
    sent = value.encode("utf-8", "surrogateescape").decode("latin-1")
    for path in ("/api/admin/users", "/api/admin/events", "/api/bookings/1", "/bookings/1"):
        assert client.get(path, headers={header: sent}).status_code == 401
    wish = {"event_id": 1, "user_id": 1}
    assert client.post("/api/bookings", json=wish, headers={header: sent}).status_code == 401


def test_line_02_an_organisers_key_is_compared_whatever_its_letters(visitor, clean):
    assert visitor.log_in("schlüssel ☂").status_code == 422


@pytest.mark.parametrize("name", ["X-Admin-Key", "admin_key", "key", "ADMIN_KEY"])
def test_line_02_a_key_in_an_address_opens_no_page(visitor, settings, clean, name):
    query = {name: settings.admin_key[0]}
    assert visitor.get("/admin/events", query_string=query).location.startswith("/admin/login")
    answer = visitor.post("/admin/events/1/deletion", query)
    assert answer.location.startswith("/admin/login")


def test_line_02_the_admin_key_is_in_no_cookie_on_no_page_and_in_no_log(
    app, world, organiser, client, admin, settings
):
    (key,) = settings.admin_key
    assert organiser.get("/admin").status_code == 200
    assert key not in organiser.cookie().value
    with organiser._client.session_transaction() as session:
        world.personas[Role.OWNER].session = dict(session)
    assert key not in str(world.personas[Role.OWNER].session)
    refused = organiser.log_in(f"{key} ")
    assert key not in refused.text + str(refused.headers)
    for endpoint, rule in rules_of(app).items():
        if "GET" in rule.methods:
            answer = ask(app, endpoint, world.personas[Role.OWNER], world.ids)
            by_key = client.get(rule.rule, headers=admin)
            for said in (answer, by_key):
                assert key.encode() not in said.get_data() + str(said.headers).encode(), endpoint
                said.close()
    assert key not in LOGBOOK.of_tests()
