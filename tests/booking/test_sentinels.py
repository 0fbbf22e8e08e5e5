"""Redis behind Sentinels: booking goes on while one server fails, and finds the next one."""

import secrets
import signal

import psutil
import pytest
import redis

from app.booking.gate import tokens_key
from app.errors import NotEnoughSeats
from tests.support.sentinels import SERVICE, Sentinels
from tests.support.servers import wait_until
from tests.support.sums import seats_left, seats_sold

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("invariants")]


@pytest.fixture
def sentinels(folder):
    with Sentinels(folder / f"watched-{secrets.token_hex(4)}") as sentinels:
        yield sentinels


def tokens(port, event):
    with redis.Redis(port=port, decode_responses=True) as client:
        return client.get(tokens_key(event.id))


def writes(desk):
    if not desk.gate.available:
        return False
    try:
        desk.gate.check()
    except redis.RedisError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_the_desk_follows_to_the_next_server_and_sells_what_there_is(
    sentinels, how, desk_at, book, make_user, make_event, sql
):
    desk, user, event = desk_at(sentinels.url), make_user(), make_event(capacity=5)
    book(desk, user, event)
    first = sentinels.master
    assert tokens(first, event) == "4"
    sentinels.end_master(how)
    # Without Redis, or with the next one: nobody is refused, and nobody waits for it.
    book(desk, user, event)
    wait_until(lambda: writes(desk), 5)
    book(desk, user, event)
    assert sentinels.master != first
    wait_until(lambda: tokens(sentinels.master, event) == "2")
    for _ in range(2):
        book(desk, user, event)
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    assert (seats_sold(sql, event), seats_left(sql, event)) == (5, 0)


@pytest.mark.whole  # A Sentinel takes ten seconds to make a replica of it.
def test_a_server_that_comes_back_as_a_replica_is_left_with_its_first_refusal(
    sentinels, desk_at, book, make_user, make_event
):
    desk, user, event = desk_at(sentinels.url, 1000), make_user(), make_event(capacity=9)
    book(desk, user, event)
    first = next(one for one in sentinels.servers if one.port == sentinels.master)
    sentinels.end_master(signal.SIGSTOP)
    psutil.Process(first.pid).resume()
    with redis.Redis(port=first.port) as former:
        wait_until(lambda: former.info("replication")["role"] == "slave")
    wait_until(lambda: writes(desk), 5)
    book(desk, user, event)
    assert tokens(sentinels.master, event) == "7"


@pytest.mark.whole
def test_sentinels_that_know_no_such_server_are_told_of(app, sentinels, desk_at):
    from app.operations.health import _redis

    desk = desk_at(sentinels.url.replace(SERVICE, "another"), 1000)
    assert "not known to a Sentinel" in _redis(desk.gate)
