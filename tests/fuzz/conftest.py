"""Searches ask thousands of times a minute what people ask once: here nobody is told to wait."""

import pytest

from tests.support.site import WITHOUT_LIMITS


@pytest.fixture(scope="session")
def unlimited_app(migrated_app, make_app):
    return make_app(**{name.lower(): rate for name, rate in WITHOUT_LIMITS.items()})


@pytest.fixture
def app(clean, unlimited_app, cheap_hashes):
    return unlimited_app
