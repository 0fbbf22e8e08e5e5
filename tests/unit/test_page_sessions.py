"""A cookie is verified once a minute; nobody gets another's session, or one that was forged."""

import secrets
import time

import pytest
from flask import Flask, session

from app.edge import page_sessions
from app.edge.page_sessions import MAX_LENGTH, MAX_TRUSTED, PageSessions


@pytest.fixture
def site():
    site = Flask("site")
    site.secret_key = "a" * 32
    site.config["SECRET_KEY_FALLBACKS"] = []
    site.session_interface = PageSessions()
    return site


@pytest.fixture
def verified(site, monkeypatch):
    """The cookies whose signatures were verified."""
    seen = []
    serializer = site.session_interface.get_signing_serializer(site)
    loads = serializer.loads

    def noted(cookie, **options):
        seen.append(cookie)
        return loads(cookie, **options)

    monkeypatch.setattr(serializer, "loads", noted)
    return seen


@pytest.fixture
def opened(site):
    def opened(cookie):
        with site.test_request_context("/", headers={"Cookie": f"session={cookie}"}):
            return session._get_current_object()

    return opened


@pytest.fixture
def cookie(site):
    return site.session_interface.get_signing_serializer(site).dumps


def test_the_same_cookie_is_verified_once(opened, cookie, verified):
    mine = cookie({"user": "token", "_permanent": True})
    assert [dict(opened(mine)) for _ in range(3)] == [{"user": "token", "_permanent": True}] * 3
    assert verified == [mine]


def test_after_a_minute_it_is_verified_anew(opened, cookie, verified, monkeypatch):
    mine, now = cookie({"user": "token"}), time.monotonic()
    opened(mine)
    monkeypatch.setattr(page_sessions.time, "monotonic", lambda: now + 61)
    assert dict(opened(mine)) == {"user": "token"}
    assert len(verified) == 2


def test_what_is_changed_in_one_request_is_unknown_to_the_next(opened, cookie):
    mine = cookie({"user": "token"})
    opened(mine)
    changed = opened(mine)
    changed["user"] = "another"
    changed["csrf_token"] = "token"
    assert changed.modified
    again = opened(mine)
    assert (dict(again), again.modified) == ({"user": "token"}, False)


@pytest.mark.parametrize(
    "values",
    [{"_flashes": [("done", "Saved.")]}, {"user": secrets.token_hex(MAX_LENGTH)}],
    ids=["list", "long"],
)
def test_lists_and_long_cookies_are_not_remembered(opened, cookie, verified, values):
    mine = cookie(values)
    assert dict(opened(mine)) == dict(opened(mine)) == values
    assert len(verified) == 2


def test_a_forged_cookie_is_an_empty_session_beside_the_remembered_one(opened, cookie, verified):
    mine = cookie({"user": "token"})
    opened(mine)
    signature = mine.rpartition(".")[2]
    forged = mine.removesuffix(signature) + ("A" if signature[0] != "A" else "B") + signature[1:]
    assert not opened(forged)
    assert not opened(forged)
    assert verified == [mine, forged, forged]


def test_a_key_that_is_no_longer_known_signs_nobody_in(site, opened, cookie):
    mine = cookie({"user": "token"})
    assert opened(mine)
    site.secret_key = "b" * 32
    assert not opened(mine)


def test_so_many_are_remembered_and_no_more(site, opened, cookie):
    for number in range(MAX_TRUSTED + 10):
        opened(cookie({"user": f"token {number}"}))
    assert 0 < len(site.session_interface._trusted) <= MAX_TRUSTED
