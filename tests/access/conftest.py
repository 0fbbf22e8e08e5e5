"""The world whose every address is asked."""

import pytest

from tests.access.world import World
from tests.support.beginnings import Beginnings
from tests.support.wallet_keys import WalletKeys


@pytest.fixture(scope="package")
def migrated_full_app(migrated_app, make_app, folder):
    keys = WalletKeys(folder / "access-wallets")
    return make_app(sign_up="open", **keys.apple(), **keys.google())


@pytest.fixture
def app(clean, migrated_full_app):
    """Here people sign up, and have passes for wallets: every address does what it is there for."""
    return migrated_full_app


@pytest.fixture(scope="package")
def beginnings(database):
    kept = Beginnings(database)
    yield kept
    kept.forget()


@pytest.fixture
def begin_with(app, factories, beginnings):
    """`begin_with(make, ...)`: what it makes, of which there is nothing in any cache yet."""

    def begin_with(make, *facts):
        made = beginnings.begin_with(make, *facts)
        factories.show()
        return made

    return begin_with


@pytest.fixture
def world(app, factories, cheap_hashes, begin_with):
    return begin_with(World, app, factories)


@pytest.fixture
def facts(sql):
    """All that a refused request must leave as it was."""

    def ask():
        tables = ("events", "bookings", "users", "api_tokens", "staff_keys", "event_images")
        seen = "to_jsonb(t) - 'last_used_at'"
        query = "SELECT jsonb_agg({seen} ORDER BY {seen}::text) FROM {table} t"
        return [sql(query.format(seen=seen, table=table)) for table in tables]

    return ask
