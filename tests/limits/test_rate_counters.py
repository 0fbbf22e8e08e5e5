"""Windows and who keeps them: Redis for all, each process for itself while Redis is away."""

import time

import pytest
import redis as redis_client

from app.booking.redis_client import connect
from app.demo.servers import RedisServer, free_port
from app.edge import rate_counters
from app.edge.rate_counters import LocalCounts, SharedCounts, whole_seconds
from app.lib.rates import Rate
from tests.limits.conftest import Guest
from tests.support.stopwatch import TRIES, quickest

KEY = ("sign_in", "somebody")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def local(clock):
    return LocalCounts(clock)


def test_a_window_begins_with_its_first_count_and_ends_whatever_comes(local, clock):
    rate = Rate(5, 60)
    assert [local.add(KEY, rate) for _ in range(3)] == [1, 2, 3]
    clock.now += 45
    assert local.add(KEY, rate) == 4
    assert local.seconds_left(KEY) == 15
    clock.now += 15
    assert local.seen(KEY) == 0
    assert local.add(KEY, rate) == 1
    assert local.seconds_left(KEY) == 60


def test_windows_that_are_over_are_not_kept(local, clock):
    for number in range(1000):
        local.add(("api_address", number), Rate(5, 10))
    clock.now += rate_counters.SWEEP_INTERVAL
    local.add(KEY, Rate(5, 10))
    assert list(local._windows) == [KEY]


def test_a_flood_of_addresses_does_not_fill_the_memory(local, monkeypatch):
    monkeypatch.setattr(rate_counters, "MAX_KEYS", 100)
    for number in range(1000):
        local.add(("api_address", number), Rate(5, 3600))
    assert len(local._windows) <= 100


@pytest.mark.parametrize(("left", "told"), [(0.0, 1), (0.2, 1), (36.5, 37), (60.4, 60)])
def test_the_time_to_wait_is_told_in_whole_seconds_of_the_window(left, told):
    assert whole_seconds(left, Rate(5, 60)) == told


def refused(app):
    return Guest(app).sign_in("nobody@example.com", "wrong password")


@pytest.mark.long
@pytest.mark.parametrize("where", ["redis", "memory"])
def test_who_waits_as_long_as_told_is_let_in_and_who_does_not_is_not(limited, cheap_hashes, where):
    away = {} if where == "redis" else {"redis_url": f"redis://127.0.0.1:{free_port()}/0"}
    app = limited(limit_sign_in="1 per 3 seconds", **away)
    assert refused(app).status_code == 422
    answer = refused(app)
    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 3
    time.sleep(max(0, wait - 2))
    assert refused(app).status_code == 429
    time.sleep(2)
    assert refused(app).status_code == 422


@pytest.fixture
def own_redis(folder):
    server = RedisServer(folder / "limits-redis")
    server.start()
    yield server
    server.stop()


@pytest.mark.long
def test_while_redis_is_away_the_process_counts_and_then_redis_again(own_redis, monkeypatch):
    monkeypatch.setattr(rate_counters, "PROBE_AFTER", 0.1)
    url, rate = f"redis://127.0.0.1:{own_redis.port}/0", Rate(5, 60)
    with connect(url, 1000) as client:
        shared = SharedCounts(client)
        assert [shared.add(KEY, rate), shared.add(KEY, rate)] == [1, 2]
        own_redis.stop()
        assert [shared.add(KEY, rate), shared.add(KEY, rate), shared.seen(KEY, rate)] == [1, 2, 2]
        assert 0 < shared.seconds_left(KEY) <= 60
        own_redis.start()
        time.sleep(0.1)
        assert shared.add(KEY, rate) == 1, "a Redis that was empty"
        assert client.ttl("utsavam:limits:sign_in:somebody") > 0


def test_two_processes_count_together_in_redis(redis, redis_url):
    with connect(redis_url, 1000) as one, connect(redis_url, 1000) as other:
        first, second = SharedCounts(one), SharedCounts(other)
        assert [c.add(KEY, Rate(5, 60)) for c in (first, second, first)] == [1, 2, 3]


def test_without_redis_a_bot_is_limited_as_well(limited, cheap_hashes):
    app = limited(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert [refused(app).status_code for _ in range(12)] == [422] * 10 + [429] * 2


@pytest.mark.long
def test_an_application_without_redis_leaves_the_others_to_theirs(limited, cheap_hashes, redis):
    here = limited()
    away = limited(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert [refused(away).status_code for _ in range(11)] == [422] * 10 + [429]
    assert refused(here).status_code == 422
    assert redis.keys("utsavam:limits:sign_in:*")


def test_redis_that_stalls_is_waited_for_once_a_second_and_not_at_every_count(own_redis):
    url = f"redis://127.0.0.1:{own_redis.port}/0"
    with connect(url, 100) as client, redis_client.Redis.from_url(url) as other:
        shared = SharedCounts(client)
        shared.add(KEY, Rate(5, 60))
        other.execute_command("CLIENT", "PAUSE", 2000 * TRIES)
        assert quickest(lambda: [shared.add(KEY, Rate(5, 60)) for _ in range(20)], 1) < 1
