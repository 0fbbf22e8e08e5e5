"""The world whose every address is asked."""

import pytest

from tests.access.world import World


@pytest.fixture
def app(sign_up_app):
    """Here people sign up too, so that every address does what it is there for."""
    return sign_up_app


@pytest.fixture
def world(app, factories, cheap_hashes):
    return World(app, factories)


@pytest.fixture
def facts(sql):
    """All that a refused request must leave as it was."""

    def ask():
        tables = ("events", "bookings", "users", "api_tokens", "staff_keys", "event_images")
        seen = "to_jsonb(t) - 'last_used_at'"
        query = "SELECT jsonb_agg({seen} ORDER BY {seen}::text) FROM {table} t"
        return [sql(query.format(seen=seen, table=table)) for table in tables]

    return ask
