"""What these tests are asked with: browsers, programs, and the world of all personas."""

import pytest

from tests.access.conftest import facts  # noqa: F401
from tests.access.world import World
from tests.web.conftest import (  # noqa: F401
    Visitor,
    alice,
    new_visitor,
    organiser,
    signed_in,
    visitor,
)


@pytest.fixture
def app(sign_up_app):
    """Here people sign up too, so that every address does what it is there for."""
    return sign_up_app


@pytest.fixture
def world(app, factories, cheap_hashes):
    """Made anew each time: these tests change what its people have."""
    return World(app, factories)


@pytest.fixture
def copied(app):
    """Another browser with the cookie of this one, as a thief has it."""

    def copy(browser):
        thief = Visitor(app)
        cookie = browser.cookie()
        thief._client.set_cookie(cookie.key, cookie.value)
        return thief

    return copy
