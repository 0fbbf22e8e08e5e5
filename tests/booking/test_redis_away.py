"""Redis frozen, killed or never there: booking goes on, and nothing is taken late or twice."""

import os
import signal
from threading import Timer

import pytest
import redis

from app.booking.gate import Verdict, tokens_key
from app.booking.orders import Order
from app.demo.servers import RedisServer, free_port
from app.errors import NotEnoughSeats
from tests.support.servers import wait_until
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def url(own_redis):
    return f"redis://127.0.0.1:{own_redis.port}/0"


@pytest.fixture
def eye(url):
    """A client of our own that looks on."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        yield client


@pytest.fixture
def frozen(own_redis, eye):
    """Freeze the server and thaw it; thawed, it has worked off all that was sent meanwhile."""

    class Frozen:
        def __enter__(self):
            os.kill(own_redis.pid, signal.SIGSTOP)

        def __exit__(self, *_error):
            os.kill(own_redis.pid, signal.SIGCONT)
            eye.ping()

    return Frozen()


def scripts_run(eye):
    return eye.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)


def test_without_redis_booking_works_and_sells_out_exactly(
    desk_at, book, make_user, make_event, sql
):
    desk, user, event = (
        desk_at(f"redis://127.0.0.1:{free_port()}/0"),
        make_user(),
        make_event(capacity=2),
    )
    for _ in range(2):
        book(desk, user, event)
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    assert not desk.gate.available
    assert seats_left(sql, event) == 0


def test_a_frozen_redis_is_asked_once_and_takes_nothing_when_it_thaws(
    desk_at, url, eye, frozen, book, make_user, make_event
):
    desk, user, event = desk_at(url), make_user(), make_event()
    book(desk, user, event)
    before = scripts_run(eye)
    with frozen:
        assert book(desk, user, event)
        assert not desk.gate.available
    wait_until(lambda: scripts_run(eye) > before)
    assert scripts_run(eye) == before + 1
    # The claim ran late: 4 is what the first booking left, not one less.
    assert eye.get(tokens_key(event.id)) == "4"


def test_a_slow_redis_is_not_asked_a_second_time_though_it_answers_again(
    desk_at, own_redis, url, eye, book, make_user, make_event
):
    """A repeated claim would take the seats twice: redis-py repeats it ten times by default."""
    desk, user, event = desk_at(url), make_user(), make_event(capacity=9)
    book(desk, user, event)
    before = scripts_run(eye)
    os.kill(own_redis.pid, signal.SIGSTOP)
    thaw = Timer(0.15, os.kill, (own_redis.pid, signal.SIGCONT))
    thaw.start()
    claims = desk.gate.claim([Order(user.id, event.id, 1)])
    thaw.join()
    assert claims == [Verdict.MISSING]
    wait_until(lambda: scripts_run(eye) > before)
    assert scripts_run(eye) == before + 1
    assert eye.get(tokens_key(event.id)) == "8"


@pytest.mark.long
def test_after_an_error_redis_is_left_alone_and_then_used_again(
    desk_at, url, eye, frozen, book, make_user, make_event
):
    desk, user, event = desk_at(url), make_user(), make_event(capacity=9)
    book(desk, user, event)
    before = scripts_run(eye)
    with frozen:
        book(desk, user, event)
    book(desk, user, event)
    assert not desk.gate.available
    assert scripts_run(eye) == before + 1
    wait_until(lambda: desk.gate.available)
    book(desk, user, event)
    assert desk.gate.available
    assert eye.get(tokens_key(event.id)) == "5"


@pytest.mark.long
def test_a_redis_that_starts_late_is_found_by_itself(desk_at, folder, book, make_user, make_event):
    server = RedisServer(folder / "late-redis", port=free_port())
    desk, user, event = desk_at(f"redis://127.0.0.1:{server.port}/0"), make_user(), make_event()
    book(desk, user, event)
    with redis.Redis.from_url(server.start(), decode_responses=True) as eye:
        wait_until(lambda: desk.gate.available)
        book(desk, user, event)
        assert eye.get(tokens_key(event.id)) == "3"
    server.stop()


def test_a_redis_killed_under_the_desk_stops_no_sale(
    desk_at, own_redis, url, book, make_user, make_event, sql
):
    desk, user, event = desk_at(url), make_user(), make_event(capacity=3)
    book(desk, user, event)
    os.kill(own_redis.pid, signal.SIGKILL)
    for _ in range(2):
        book(desk, user, event)
    assert seats_left(sql, event) == 0


def test_a_full_redis_that_refuses_to_write_stops_no_sale(
    desk_at, url, eye, book, make_user, make_event, sql
):
    desk, user, event = desk_at(url), make_user(), make_event(capacity=3)
    eye.config_set("maxmemory", "1")
    for _ in range(3):
        book(desk, user, event)
    assert seats_left(sql, event) == 0


@pytest.mark.parametrize("command", ["CLIENT PAUSE 300 ALL", "REPLICAOF 127.0.0.1 1"])
def test_a_redis_that_pauses_or_became_a_replica_stops_no_sale(
    desk_at, url, eye, book, make_user, make_event, sql, command
):
    desk, user, event = desk_at(url), make_user(), make_event(capacity=3)
    book(desk, user, event)
    eye.execute_command(*command.split())
    for _ in range(2):
        book(desk, user, event)
    assert seats_left(sql, event) == 0
