"""The one way to write, and what every connection is held to."""

import os
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.booking.connections import ledger_session
from app.booking.ledger import lock_events
from app.db import READ_ONLY_FOR, db, transaction
from app.errors import OutcomeUnknown
from app.lib.request_id import request_id
from app.models import User
from tests.support.servers import wait_until


@pytest.fixture(autouse=True)
def context(app):
    request_id.set("")  # of an earlier test's request
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("lock_timeout", "3s"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("TimeZone", "UTC"),
        ("application_name", "utsavam"),
    ],
)
def test_every_connection_is_held_to_the_settings(name, value):
    assert db.session.execute(text(f"SHOW {name}")).scalar() == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("lock_timeout", "1500ms"),
        ("statement_timeout", "2500ms"),
        ("idle_in_transaction_session_timeout", "750ms"),
    ],
)
def test_the_ledgers_connections_let_go_of_rows_soon(name, value):
    with ledger_session() as session:
        assert session.execute(text(f"SHOW {name}")).scalar() == value


def test_the_ledgers_connections_tell_whose_they_are():
    with ledger_session() as session:
        name = session.execute(text("SHOW application_name")).scalar()
    assert name == f"utsavam desk {os.getpid()}"


def test_the_database_keeps_what_it_has_committed(durable):
    """As the demo starts it."""
    assert db.session.execute(text("SHOW fsync")).scalar() == "on"


def test_a_transaction_commits_at_its_end(sql):
    with transaction() as session:
        session.add(User(email="meena@example.com"))
        assert sql("SELECT count(*) FROM users") == [(0,)]
    assert sql("SELECT count(*) FROM users") == [(1,)]


def add_and_fail():
    with transaction() as session:
        session.add(User(email="meena@example.com"))
        session.flush()
        raise LookupError


def test_a_transaction_that_fails_leaves_nothing_and_another_may_follow(sql):
    with pytest.raises(LookupError):
        add_and_fail()
    assert sql("SELECT count(*) FROM users") == [(0,)]
    with transaction() as session:
        session.add(User(email="meena@example.com"))
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_transactions_do_not_nest():
    with transaction(), pytest.raises(RuntimeError, match="nest"), transaction():
        pass


def test_a_change_outside_of_a_transaction_is_refused(sql):
    db.session.add(User(email="meena@example.com"))
    with pytest.raises(RuntimeError, match="outside"), transaction():
        pass
    db.session.rollback()
    assert sql("SELECT count(*) FROM users") == [(0,)]


def test_a_transaction_sees_what_was_committed_after_an_earlier_read(make_user, sql):
    user = make_user()
    assert db.session.get(User, user.id).name == "Asha"
    sql("UPDATE users SET name = 'Meena'")
    with transaction() as session:
        assert session.get(User, user.id, populate_existing=True).name == "Meena"


def test_whoever_locks_an_event_lets_go_soon_and_only_for_that_transaction(make_event):
    setting = text("SHOW idle_in_transaction_session_timeout")
    event = make_event()
    with transaction() as session:
        lock_events(session, [event.id])
        assert session.execute(setting).scalar() == "750ms"
    assert db.session.execute(setting).scalar() == "5s"


def test_a_connection_that_breaks_after_the_last_reading_takes_no_answer_away(app, sql):
    with app.app_context():
        pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar()
        sql("SELECT pg_terminate_backend(%s)", pid)
        wait_until(lambda: not sql("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))
    with app.app_context():
        assert db.session.execute(text("SELECT 1")).scalar() == 1


@pytest.fixture
def refuse_commits(sql):
    """Of new users, by this SQLSTATE: the check waits for COMMIT."""

    def refuse(sqlstate):
        sql(
            "CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"
        )
        sql(
            "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON users "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commit()"
        )

    yield refuse
    sql("DROP FUNCTION refuse_commit CASCADE")


@pytest.mark.parametrize(("sqlstate", "told"), [("25006", DBAPIError), ("57P01", OutcomeUnknown)])
def test_a_commit_refused_as_read_only_is_surely_none_and_one_that_is_cut_off_is_in_doubt(
    refuse_commits, sql, sqlstate, told
):
    refuse_commits(sqlstate)
    with pytest.raises(told), transaction() as session:
        session.add(User(email="meena@example.com"))
    assert sql("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize("sqlstate", ["25006", "57P01", "57P02", "57P03", "57P05"])
def test_a_connection_that_would_refuse_again_is_used_no_more(sqlstate):
    ask, refuse = text("SELECT pg_backend_pid()"), f"RAISE EXCEPTION USING ERRCODE = '{sqlstate}'"
    with ledger_session() as session:
        before = session.scalar(ask)
        with pytest.raises(DBAPIError):
            session.execute(text(f"DO $$ BEGIN {refuse}; END $$"))
    with ledger_session() as session:
        assert session.scalar(ask) != before


def test_a_connection_that_was_opened_read_only_is_replaced_after_a_second(sql):
    ask = text("SELECT pg_backend_pid(), current_setting('transaction_read_only')")
    sql("ALTER DATABASE utsavam SET default_transaction_read_only = on")
    try:
        db.engine.dispose()
        with db.engine.connect() as connection:
            pid, read_only = connection.execute(ask).one()
    finally:
        sql("ALTER DATABASE utsavam RESET default_transaction_read_only")
    assert read_only == "on"
    with db.engine.connect() as connection:
        assert connection.execute(ask).one() == (pid, "on"), "not each time anew"
    time.sleep(READ_ONLY_FOR)
    with db.engine.connect() as connection:
        assert connection.execute(ask).one() != (pid, "on")
        assert connection.execute(ask).one()[1] == "off"
