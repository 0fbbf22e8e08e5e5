"""Races are run with real threads; each has a control that shows the race is there to be lost."""

import pytest
from sqlalchemy import event, text

from app.booking import ledger
from app.booking.connections import LEDGER
from app.db import db
from tests.support.servers import libpq
from tests.support.threads import at_once, in_app

PATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '3s'"
DESKS = 4
"""Most desks of a test."""


@pytest.fixture
def ledger_engine(app):
    with app.app_context():
        return db.engines[LEDGER]


@pytest.fixture(autouse=True)
def patience(monkeypatch, ledger_engine):
    """A test machine that stands still for a second is no part of a race. What a process that is
    frozen under a lock loses is tested elsewhere (`tests/services/test_idle_transactions.py`)."""

    def begin(connection):
        connection.exec_driver_sql(PATIENCE)

    monkeypatch.setattr(ledger, "_SET_IDLE_TIMEOUT", text(PATIENCE))
    event.listen(ledger_engine, "begin", begin)
    yield
    event.remove(ledger_engine, "begin", begin)


@pytest.fixture(autouse=True)
def pool_for_each_desk(monkeypatch, ledger_engine):
    """Desks stand for processes, and each of those has connections of its own: else the last of
    four desks would wait for one of three connections until its time is over."""
    monkeypatch.setattr(ledger_engine.pool, "_max_overflow", DESKS)


@pytest.fixture
def url(postgres_url):
    """The database as the naive versions open it."""
    return libpq(postgres_url)


@pytest.fixture
def race(app):
    """Run calls of services at once, each in an application context of its own."""

    def run(calls):
        return at_once(in_app(app, function, *args, **facts) for function, args, facts in calls)

    return run
