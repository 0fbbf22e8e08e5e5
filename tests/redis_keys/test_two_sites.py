"""Two sites on one Redis, with the same ids for different events: nothing of theirs mixes."""

import logging
import time
from contextlib import suppress

import pytest
from redis import ConnectionError

from app.booking import redis_keys
from app.booking.redis_keys import Names, SiteNames, SiteUnknown
from app.demo.servers import free_port
from tests.factories import Factories
from tests.limits.conftest import HALL, JSON, Guest
from tests.support.servers import wait_until
from tests.support.sums import assert_seats_add_up
from tests.support.threads import at_once


class Site:
    """One of the two: an application, its event with the id that the other's has, and a buyer."""

    def __init__(self, app, sql, settings, capacity):
        self.app, self.sql = app, sql
        made = Factories(app)
        self.event, self.user = made.event(capacity=capacity), made.user()
        self.key = {"X-Admin-Key": settings.admin_key[0]}

    def book(self, seats=1):
        wish = {"user_id": self.user.id, "event_id": self.event.id, "seats": seats}
        client = self.app.test_client()
        return client.post("/api/bookings", json=wish, headers={**JSON, **self.key}).status_code

    def shown(self):
        answer = self.app.test_client().get(f"/api/events/{self.event.id}")
        return answer.json["seats_available"]

    def tokens(self):
        with self.app.app_context():
            (held,) = self.app.extensions["desk"].gate.tokens([self.event.id])
        return int(held)

    @property
    def names(self):
        return self.app.extensions["redis_keys"]


@pytest.fixture
def sites(limited, settings, sql, make_place, redis):
    """The first one has the plain names, as the only site would."""
    neighbour = make_place("neighbour")
    neighbour.migrate()
    away = limited(database_url=neighbour.url, limit_wrong_keys="3 per minute")
    here = limited(limit_wrong_keys="3 per minute")
    here.extensions["redis_keys"].of("first")
    away.extensions["redis_keys"].of("second")
    first = Site(here, sql, settings, capacity=8)
    second = Site(away, neighbour.sql, settings, capacity=12)
    assert first.event.id == second.event.id
    return first, second


@pytest.fixture
def mixed(monkeypatch):
    """The control: every site has the plain names, as before."""
    monkeypatch.setattr(SiteNames, "of", Names.of)


def test_each_shows_its_own_seats_and_tokens(sites, redis):
    first, second = sites
    for _ in range(3):
        assert (first.book(), second.book(2)) == (201, 201)
        assert (first.shown(), second.shown()) == (*(first.tokens(), second.tokens()),)
    assert (first.tokens(), second.tokens()) == (5, 6)
    assert redis.get(f"event:{first.event.id}:tokens") == "5", "as operators know it"


def test_with_the_same_names_they_show_each_others_tokens(mixed, sites):
    first, second = sites
    assert (first.book(), second.book(2)) == (201, 201)
    assert first.tokens() == second.tokens() == 10, "the control"


def test_each_sells_to_its_capacity_and_not_one_more_while_both_sell(sites):
    first, second = sites
    statuses = at_once([first.book, second.book] * 20)
    assert statuses[0::2].count(201) == 8
    assert statuses[1::2].count(201) == 12
    assert set(statuses) == {201, 409}
    for site in sites:
        assert_seats_add_up(site.sql)
        assert site.shown() == 0


def wrong_keys(site, number):
    client = site.app.test_client()
    return [
        client.get(
            "/api/admin/users",
            headers={"X-Admin-Key": "no key of ours"},
            environ_base={"REMOTE_ADDR": HALL},
        ).status_code
        for _ in range(number)
    ]


def test_limits_are_each_sites_own(sites):
    first, second = sites
    assert wrong_keys(first, 4) == [401] * 3 + [429]
    assert wrong_keys(second, 4) == [401] * 3 + [429]


def test_with_the_same_names_one_site_uses_up_the_others_limits(mixed, sites):
    first, second = sites
    assert wrong_keys(first, 3) == [401] * 3
    assert wrong_keys(second, 1) == [429], "the control"


def test_what_is_sold_on_one_is_not_seen_on_the_others_console(sites, settings):
    first, second = sites
    assert first.book() == 201
    first.app.extensions["desk"].live_stats._flush()
    with second.app.app_context():
        samples = second.app.extensions["desk"].live_stats.read(second.event.id, 10).samples
    assert sum(sample.booked for sample in samples) == 0
    assert Guest(second.app).log_in(settings.admin_key[0]).status_code == 303


def test_the_second_site_says_so_and_the_first_says_nothing(sites, caplog):
    caplog.set_level(logging.WARNING, redis_keys.log.name)
    for site in sites:
        site.names._prefix, site.names._checked_at = None, float("-inf")
        site.names.of("x")
    (told,) = [r.getMessage() for r in caplog.records if r.name == redis_keys.log.name]
    assert "Another site has the plain names in Redis (utsavam:site)" in told
    assert sites[1].names.of("") in told


def test_after_redis_was_emptied_the_names_are_settled_within_a_second(sites, redis):
    first, second = sites
    redis.flushdb()
    for site in (second, first):
        site.names._checked_at = float("-inf")
    assert (second.names.of("x"), first.names.of("x") == "x") == ("x", False)
    statuses = at_once([first.book, second.book] * 20)
    assert (statuses[0::2].count(201), statuses[1::2].count(201)) == (8, 12)


def test_processes_of_one_site_have_the_same_names(sites, make_app):
    other = make_app().extensions["redis_keys"]
    assert other.of("event:7:tokens") == sites[0].names.of("event:7:tokens") == "event:7:tokens"


@pytest.mark.parametrize("rubbish", ["x", "", "0" * 17, "g" * 16])
def test_rubbish_that_names_no_site_takes_the_names_from_nobody(sites, redis, rubbish):
    redis.set(redis_keys.OWNER_KEY, rubbish)
    sites[0].names._checked_at = float("-inf")
    assert sites[0].names.of("x") == "x"
    assert 0 < redis.ttl(redis_keys.OWNER_KEY) <= redis_keys.OWNER_TTL


def test_a_site_that_is_gone_leaves_the_names_within_an_hour(sites, redis):
    redis.set(redis_keys.OWNER_KEY, "f" * 16)
    sites[0].names._checked_at = float("-inf")
    assert sites[0].names.of("x") != "x"
    assert 0 < redis.ttl(redis_keys.OWNER_KEY) <= redis_keys.OWNER_TTL


def test_while_the_database_has_not_told_who_it_is_nothing_is_named(app, make_app):
    nowhere = f"postgresql+psycopg://u@127.0.0.1:{free_port()}/x"
    with pytest.raises(SiteUnknown):
        make_app(database_url=nowhere).extensions["redis_keys"].of("x")


def test_who_comes_first_all_at_once_are_told_the_name_and_one_asks(sites, monkeypatch):
    mine, asked = sites[0].names, []
    identify = mine._identify

    def slowly():
        asked.append(1)
        time.sleep(0.2)
        return identify()

    monkeypatch.setattr(mine, "_identify", slowly)
    mine._site = mine._prefix = None
    mine._checked_at = float("-inf")
    assert at_once([lambda: mine.of("x")] * 10) == ["x"] * 10
    assert len(asked) == 1


def test_a_database_that_is_away_is_asked_once_a_second_and_not_by_everybody(make_app):
    nowhere = f"postgresql+psycopg://u@127.0.0.1:{free_port()}/x"
    mine, asked = make_app(database_url=nowhere).extensions["redis_keys"], []
    identify = mine._identify
    mine._identify = lambda: asked.append(1) or identify()
    answers = at_once([lambda: mine.of("x")] * 10)
    assert {type(answer) for answer in answers} == {SiteUnknown}
    assert len(asked) == 1


def test_a_database_that_hangs_holds_up_whoever_comes_first_once_and_not_in_turn(make_app):
    """Each attempt may take seconds: those who wait for it must not try one after another."""
    mine, asked = make_app().extensions["redis_keys"], []

    def hangs():
        asked.append(1)
        time.sleep(1.5 * redis_keys.CHECK_INTERVAL)
        raise SiteUnknown("hangs")

    mine._identify, mine._site = hangs, None
    mine._prefix, mine._checked_at = None, float("-inf")
    answers = at_once([lambda: mine.of("x")] * 5)
    assert {type(answer) for answer in answers} == {SiteUnknown}
    assert len(asked) == 1


def test_steady_traffic_does_not_put_the_next_attempt_off(make_app, monkeypatch):
    """Redis is back, and everybody who is told to wait comes again before the second is over."""
    monkeypatch.setattr(redis_keys, "CHECK_INTERVAL", 0.2)
    mine = make_app().extensions["redis_keys"]
    assert mine.of("x") == "x"
    claim = mine._claim

    def away(**_command):
        raise ConnectionError("away")

    mine._checked_at, mine._claim = float("-inf"), away
    with pytest.raises(ConnectionError):
        mine.of("x")
    mine._claim = claim

    def named_again():
        with suppress(SiteUnknown):
            return mine.of("x")

    wait_until(named_again, 5)
