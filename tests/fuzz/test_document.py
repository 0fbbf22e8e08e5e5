"""The API does what its OpenAPI document says, whatever is sent, whoever asks."""

import signal

import pytest

from tests.fuzz.document import differences
from tests.support.site import WITHOUT_LIMITS, Site

PHASES = ["coverage", "fuzzing", "stateful"]


@pytest.fixture(scope="module")
def guarded_site(migrated_app, settings, folder):
    """A real gunicorn that trusts nobody's bare `user_id`."""
    rules = {"API_ACCESS": "token", "DEMO": "0", "HTTPS": "0", "WEB_CONCURRENCY": "1"}
    rules |= WITHOUT_LIMITS
    with Site(settings, folder / "guarded", **rules) as site:
        yield site.url
        # At once: it would wait for connections that are kept open.
        site.signal(signal.SIGQUIT)


@pytest.fixture
def credentials(factories, settings):
    """By caller; and something to find: a user with a booking, an event with room for many."""
    user = factories.user(email="guest@example.com")
    factories.booking(factories.event(capacity=1_000_000), user)
    token = factories.token(user)["Authorization"].removeprefix("Bearer ")
    return {
        "anonymous": {},
        "user": {"ApiToken": {"bearer": token}},
        "organiser": {"AdminKey": {"api_key": settings.admin_key[0]}},
    }


IN_EACH_RUN = [("anonymous", "fuzzing"), *(("organiser", phase) for phase in PHASES)]
"""Nobody is refused nearly everywhere, whatever is sent; `make fuzz` asks all as each of them."""
ALL = [(caller, phase) for caller in ("anonymous", "user", "organiser") for phase in PHASES]
CHOSEN = [
    each if each in IN_EACH_RUN else pytest.param(*each, marks=pytest.mark.whole) for each in ALL
]


@pytest.mark.parametrize(("caller", "phase"), CHOSEN)
def test_every_call_does_what_the_document_says(guarded_site, credentials, caller, phase):
    asked, every, found = differences(guarded_site, credentials[caller], phase)
    assert not found, f"{len(found)} differences:\n\n" + "\n\n".join(found)
    # Rows of calls begin with those whose answers others can use.
    assert asked == every or (phase == "stateful" and len(asked) > 3)
