"""Where each commit waits for a second server, nothing is confirmed that the second one lacks."""

from threading import Thread

import pytest

from app.errors import OutcomeUnknown
from tests.support.servers import wait_until

NAMES = "SHOW synchronous_standby_names"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
pytestmark = pytest.mark.long


@pytest.fixture
def standby_is_away(database):
    """As if a second server, which does not answer, had to have each commit."""

    def wait_for(names):
        database.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        database.execute("SELECT pg_reload_conf()")
        wait_until(lambda: database.execute(NAMES).fetchone() == (names,))

    yield lambda: wait_for("away")
    wait_for("")


def test_a_booking_that_the_first_server_alone_has_is_not_confirmed(
    app, desk, book, make_user, make_event, sql, standby_is_away
):
    """Its COMMIT is broken off there, after which everybody sees it."""
    user, event, answers = make_user(), make_event(), []
    standby_is_away()

    def order():
        with app.app_context(), pytest.raises(OutcomeUnknown) as raised:
            book(desk, user, event)
        answers.append(raised.value)

    buyer = Thread(target=order)
    buyer.start()
    wait_until(lambda: sql(WAITING))
    sql("SELECT pg_terminate_backend(%s)", sql(WAITING)[0][0])
    wait_until(lambda: sql("SELECT count(*) FROM bookings") == [(1,)])
    buyer.join(20)
    assert len(answers) == 1
