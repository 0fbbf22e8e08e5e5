"""Readiness tells which part is away, and which of them stops the sale."""

import pytest
from redis import Redis

from app.booking import redis_keys
from app.booking.gate import SeatGate
from app.booking.redis_client import connect
from app.db import db
from app.demo.servers import RedisServer, free_port
from app.operations.health import readiness


def test_all_parts_are_there(desk):
    found = readiness(desk.gate)
    assert (found.database, found.migrations, found.redis) == ("ok", "ok", "ok")
    assert (found.ready, found.status) == (True, "ok")


def test_without_redis_the_site_is_degraded_and_still_ready():
    nowhere = SeatGate(connect(f"redis://127.0.0.1:{free_port()}/0", 100))
    found = readiness(nowhere)
    assert (found.ready, found.status) == (True, "degraded")
    assert "does not answer" in found.redis


@pytest.fixture
def own_redis(folder, request):
    """A server for this test alone; what it is asked by hand goes through a client of its own."""
    server = RedisServer(folder / f"ready-{request.node.name[-20:].strip('[]')}")
    url = server.start()
    with Redis.from_url(url, decode_responses=True) as eye:
        yield url, eye
    server.stop()


REFUSING = {
    "a replica": ("REPLICAOF 127.0.0.1 1", "is a replica"),
    "full": ("CONFIG SET maxmemory 1", "is full"),
    "no replica": ("CONFIG SET min-replicas-to-write 1", "refuses writes"),
    "no right": ("ACL SETUSER default -set -eval -evalsha", "allows our user no writes"),
    "a password": ("CONFIG SET requirepass sesame", "refuses our password"),
}


@pytest.mark.long
@pytest.mark.parametrize(("command", "finding"), REFUSING.values(), ids=REFUSING)
def test_a_redis_that_answers_but_stores_nothing_is_not_called_ok(
    make_app, clean, own_redis, command, finding
):
    url, eye = own_redis
    app = make_app(redis_url=url)
    with app.app_context():
        gate = app.extensions["desk"].gate
        assert readiness(gate).redis == "ok"
        eye.execute_command(*command.split())
        gate._client.connection_pool.disconnect()
        found = readiness(gate)
    assert finding in found.redis
    assert "booking works without it" in found.redis
    assert (found.ready, found.status) == (True, "degraded")
    assert app.test_client().get("/ready").json["status"] == "degraded"


def test_what_is_written_to_find_out_bears_the_sites_name_and_expires(make_app, clean, own_redis):
    url, eye = own_redis
    eye.set(redis_keys.OWNER_KEY, "f" * 16)
    app = make_app(redis_url=url)
    with app.app_context():
        assert readiness(app.extensions["desk"].gate).redis == "ok"
    (probe,) = [key for key in eye.scan_iter() if key != redis_keys.OWNER_KEY]
    assert probe == app.extensions["redis_keys"].of("ready:probe")
    assert probe.startswith("utsavam:")
    assert 0 < eye.ttl(probe) <= 60


def test_without_the_database_the_site_is_not_ready(make_app):
    app = make_app(database_url="postgresql+psycopg://postgres@/utsavam?host=/nowhere")
    with app.app_context():
        found = readiness(app.extensions["desk"].gate)
    assert (found.ready, found.status) == (False, "unavailable")
    assert "does not answer" in found.database
    assert "unknown" in found.migrations


def test_a_database_that_takes_no_writes_is_not_ready(desk, sql):
    sql("ALTER DATABASE utsavam SET default_transaction_read_only = on")
    try:
        db.session.remove()
        db.engine.dispose()
        found = readiness(desk.gate)
    finally:
        sql("ALTER DATABASE utsavam RESET default_transaction_read_only")
        db.session.remove()
        db.engine.dispose()
    assert (found.ready, found.status) == (False, "unavailable")
    assert "read-only" in found.database
    assert found.migrations == "ok"


def test_an_unmigrated_database_is_not_ready(make_app, sql, postgres_url):
    sql("CREATE DATABASE empty")
    app = make_app(database_url=postgres_url.replace("/utsavam?", "/empty?"))
    with app.app_context():
        found = readiness(app.extensions["desk"].gate)
    assert (found.database, found.ready) == ("ok", False)
    assert "flask db upgrade" in found.migrations


def test_asking_again_and_again_makes_no_statement_of_its_own_each_time(desk):
    """Each would be kept, and push one of the pages' out of what is kept compiled."""
    for _ in range(3):
        readiness(desk.gate)
    kept = len(db.engine._compiled_cache)
    for _ in range(20):
        readiness(desk.gate)
    assert len(db.engine._compiled_cache) == kept
