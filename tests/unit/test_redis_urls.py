"""Addresses of Redis, as settings have them."""

import pytest

from app.config import Settings, WeakSettings
from app.lib.redis_urls import SentinelUrl


def test_an_address_names_its_sentinels_the_service_and_the_database():
    found = SentinelUrl.parse(
        "redis+sentinel://shop:p%40ss@one:1,two,[::1]:3/tickets/2?sentinel_password=other"
    )
    assert found.sentinels == [("one", 1), ("two", 26379), ("::1", 3)]
    assert (found.service, found.sentinel_options) == ("tickets", {"password": "other"})
    assert found.options == {"username": "shop", "password": "p@ss", "db": 2}


def test_with_tls_both_are_spoken_to_by_it():
    found = SentinelUrl.parse("rediss+sentinel://one/tickets")
    assert found.options == {"ssl": True, "db": 0}
    assert found.sentinel_options == {"ssl": True}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://one:26379", "must name the service"),
        ("redis+sentinel:///tickets", "must name its Sentinels"),
        ("redis+sentinel://one,,two/tickets", "must name its Sentinels"),
        ("redis+sentinel://one:port/tickets", "must name its Sentinels"),
        ("redis+sentinel://one/tickets/first", "must name the database by its number"),
        ("redis+sentinel://one/tickets?ssl=1", "knows no ssl behind Sentinels"),
        ("redis+cluster://one", "can't be a Redis Cluster"),
        ("http://one", "must start with redis://"),
    ],
)
def test_an_address_that_says_too_little_is_refused(monkeypatch, url, said):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(WeakSettings, match=said):
        Settings.load()
