"""Web processes that are stopped, reloaded, killed and frozen while seats are sold."""

import signal
import time

import pytest

from tests.faults.house import FAILING
from tests.support.servers import wait_until

WORKERS = [
    pytest.param(FAILING, id="gevent"),
    pytest.param({**FAILING, "WORKER_CLASS": "gthread"}, id="gthread", marks=pytest.mark.whole),
]
TURNED_AWAY = {"ConnectError", "ReadError", "RemoteProtocolError"}
"""At the door; in the queue before it, which the system resets; there too, when the reset came
while the request was being sent: httpx passes over that and then reads an end."""
EITHER = pytest.mark.parametrize("house", WORKERS, indirect=True)


@EITHER
def test_a_reload_under_load_drops_no_request(house):
    with house.buyers(keeps_asking=False) as buyers:
        before = {worker.pid for worker in house.workers}
        house.site.signal(signal.SIGHUP)
        wait_until(lambda: not before & {worker.pid for worker in house.workers}, 30)
        buyers.wait_for_bookings(20)
    assert set(buyers.statuses) == {201}
    assert set(buyers.hunters.statuses) <= {200, 201, 409}


def test_a_killed_worker_loses_nothing_and_is_replaced_within_two_seconds(house, figures):
    with house.buyers() as buyers:
        for _ in range(figures.kills):
            wait_until(lambda: len(house.ready_workers) == 2, 20)
            victim = house.workers[0]
            victim.kill()
            wait_until(lambda pid=victim.pid: pid not in (w.pid for w in house.workers))
            wait_until(lambda: len(house.workers) == 2, 2)
            assert buyers.wait_for_bookings(1) <= 2
            buyers.wait_for_bookings(20)


def test_a_frozen_worker_that_holds_the_row_holds_nobody_else_up_for_long(house):
    with house.buyers() as buyers:
        for _ in range(2):
            frozen = freeze_holder(house)
            try:
                # All the others may wait at the frozen worker, until their own patience ends.
                assert buyers.newcomer_books() <= 1.5
            finally:
                frozen.resume()
            buyers.wait_for_bookings(20)


@EITHER
def test_a_stop_under_load_answers_all_that_was_begun(house):
    with house.buyers(keeps_asking=False, open_at_the_end=False) as buyers:
        house.site.signal(signal.SIGTERM)
        house.site.wait(20)
    # Whoever was let in has been told of their booking; who was never let in is turned away.
    made = house.sql("SELECT idempotency_key FROM bookings WHERE event_id = %s", buyers.event_id)
    assert {key for (key,) in made} == buyers.booked.keys()
    assert set(buyers.statuses) <= {201, *TURNED_AWAY}


def freeze_holder(house):
    """Freeze workers until one is caught in the middle of its transaction."""
    for _ in range(200):
        for worker in house.workers:
            worker.suspend()
            time.sleep(0.03)
            if house.sql(HELD):
                return worker
            worker.resume()
            time.sleep(0.01)
    raise AssertionError("no worker was caught holding the row")


HELD = """
    SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'
    AND strpos(query, 'bookings') > 0 AND state_change < clock_timestamp() - interval '20 ms'
"""
