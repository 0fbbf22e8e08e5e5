"""Races are run with real threads; each has a control that shows the race is there to be lost."""

import pytest

from tests.support.servers import libpq
from tests.support.threads import at_once, in_app


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
