"""Readiness tells which part is away, and which of them stops the sale."""

from app.booking.gate import SeatGate, connect
from app.db import db
from app.demo.servers import free_port
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
