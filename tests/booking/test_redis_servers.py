"""Booking beside a real server of each kind: Valkey, and Debian's Redis where it is installed."""

import pytest

from app.booking.gate import tokens_key
from app.demo.servers import RedisServer
from app.errors import NotEnoughSeats
from app.services import bookings
from tests.support.servers import SYSTEM_REDIS
from tests.support.sums import seats_left, seats_sold

PROGRAMS = {"valkey": "", **({"redis-server": SYSTEM_REDIS} if SYSTEM_REDIS else {})}
pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture(scope="module", params=PROGRAMS)
def server_url(request, folder):
    server = RedisServer(folder / f"kind-{request.param}", program=PROGRAMS[request.param])
    yield server.start()
    server.stop()


@pytest.fixture
def desk(server_url, desk_at):
    return desk_at(server_url, patience_ms=1000)


@pytest.fixture
def tokens(desk, server_url, make_event):
    """The client of the desk's own server, emptied; the event's key is in `tokens.key`."""
    import redis

    with redis.Redis.from_url(server_url, decode_responses=True) as client:
        client.flushall()
        yield client


def put(client, key, value):
    client.delete(key)
    if isinstance(value, list):
        client.rpush(key, *value)
    elif isinstance(value, dict):
        client.hset(key, mapping=value)
    elif value is not None:
        client.set(key, value)


def test_the_tokens_follow_the_seats(desk, book, tokens, make_user, make_event, sql):
    user, event = make_user(), make_event(capacity=3)
    booking = book(desk, user, event, seats=2).booking
    assert tokens.get(tokens_key(event.id)) == "1"
    bookings.cancel(desk, booking.id)
    assert tokens.get(tokens_key(event.id)) == "3"


RUBBISH = [
    None, "x", "", "-5", "5.5", "1e3", " 5", "0x5", "nan", "9" * 15, "9" * 400, "0", "1", "999",
    ["5", "5"], {"seats": "5"},
]  # fmt: skip


@pytest.mark.parametrize("value", RUBBISH, ids=lambda value: repr(value)[:20])
def test_whatever_is_put_into_the_tokens_never_oversells_and_heals(
    desk, book, tokens, make_user, make_event, sql, value
):
    user, event = make_user(), make_event(capacity=3)
    key = tokens_key(event.id)
    for left in (2, 1, 0):
        put(tokens, key, value)
        book(desk, user, event)
        assert tokens.get(key) == str(left)
    put(tokens, key, value)
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    assert (seats_sold(sql, event), seats_left(sql, event)) == (3, 0)


def test_tokens_flushed_in_the_middle_of_a_sale_change_nothing(
    desk, book, tokens, make_user, make_event, sql
):
    user, event = make_user(), make_event(capacity=4)
    for _ in range(4):
        book(desk, user, event)
        tokens.flushall()
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    assert seats_left(sql, event) == 0


def test_scripts_that_a_restart_forgot_are_loaded_again(desk, book, tokens, make_user, make_event):
    user, event = make_user(), make_event()
    book(desk, user, event)
    tokens.script_flush()
    book(desk, user, event)
    assert tokens.get(tokens_key(event.id)) == "3"
