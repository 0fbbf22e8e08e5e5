"""Races are run with real threads; each has a control that shows the race is there to be lost."""

import pytest
from sqlalchemy import text

from app.booking import ledger
from tests.support.servers import libpq
from tests.support.threads import at_once, in_app


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A test machine that stands still for a second is no part of a race. What a process that is
    frozen under a lock loses is tested elsewhere (`tests/services/test_idle_transactions.py`)."""
    longer = text("SET LOCAL idle_in_transaction_session_timeout = '3s'")
    monkeypatch.setattr(ledger, "_SET_IDLE_TIMEOUT", longer)


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
