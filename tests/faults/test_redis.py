"""Redis frozen, killed, emptied and lied to while seats are sold: slower perhaps, never wrong."""

import os
import signal
import time
from collections import Counter

import pytest

from tests.faults.buyers import ask
from tests.support.servers import wait_until
from tests.support.threads import at_once

SERVED = {200, 201, 409}
"""What buyers and hunters may be told while the database is well."""


@pytest.fixture
def eye(house):
    """A client of our own that looks on, and lies."""
    with house.redis_client() as client:
        yield client


@pytest.fixture
def freeze(house):
    """Freeze Redis, and thaw it; in any case at the end."""
    yield lambda frozen: os.kill(house.redis.pid, signal.SIGSTOP if frozen else signal.SIGCONT)
    os.kill(house.redis.pid, signal.SIGCONT)


def scripts_run(eye):
    return eye.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)


def test_a_frozen_redis_stops_no_booking(house, figures, freeze):
    with house.buyers() as buyers:
        freeze(True)
        thaw_at = time.monotonic() + figures.frozen
        while time.monotonic() < thaw_at:
            assert buyers.wait_for_bookings(1) <= 1
        freeze(False)
        buyers.wait_for_bookings(50)
    assert set(buyers.statuses) == {201}
    assert set(buyers.hunters.statuses) <= SERVED


def test_claims_that_a_frozen_redis_reads_late_take_no_tokens(house, eye, freeze):
    event, user = house.factories.event(capacity=50), house.factories.user()
    wish = {"user_id": user.id, "event_id": event.id}

    def buy():
        return ask("POST", f"{house.site.url}/bookings", json=wish)[0]

    # Both workers know the clock of Redis before it stops.
    assert at_once([buy] * 10) == [201] * 10
    # They are published after the answers.
    wait_until(lambda: eye.get(f"event:{event.id}:tokens") == "40")
    before = scripts_run(eye)
    freeze(True)
    assert at_once([buy] * 10) == [201] * 10
    freeze(False)
    wait_until(lambda: scripts_run(eye) > before)
    assert eye.get(f"event:{event.id}:tokens") == "40"
    time.sleep(house.calm)
    house.sell_what_is_left()


def test_a_killed_redis_stops_no_booking_and_a_new_one_is_used(house):
    with house.buyers() as buyers:
        os.kill(house.redis.pid, signal.SIGKILL)
        buyers.wait_for_bookings(100)
        house.redis.stop()
        house.redis.start()
        with house.redis_client() as eye:
            wait_until(lambda: eye.exists(f"event:{buyers.event_id}:tokens"))
    assert set(buyers.statuses) == {201}
    assert set(buyers.hunters.statuses) <= SERVED


def test_a_redis_that_is_emptied_five_times_a_second_stops_no_booking(house, figures, eye):
    with house.buyers() as buyers:
        for _ in range(figures.flushes):
            eye.flushall()
            time.sleep(0.2)
        buyers.wait_for_bookings(1)
    assert set(buyers.statuses) == {201}
    assert set(buyers.hunters.statuses) <= SERVED


def test_a_redis_that_forgets_and_lies_never_oversells_and_strands_no_seat(house, eye):
    capacity, lies = 400, [0, -5, "x", 10**6]
    with house.buyers(capacity=capacity) as buyers:
        give_up, turn = time.monotonic() + 30, 0
        while len(buyers.booked) < capacity:
            assert time.monotonic() < give_up, f"stranded at {len(buyers.booked)}"
            for event_id in (buyers.event_id, buyers.hunters.event_id):
                eye.set(f"event:{event_id}:tokens", lies[turn % 4])
            if turn % 5 == 0:
                eye.flushall()
            time.sleep(0.03)
            turn += 1
    assert set(buyers.statuses) <= {201, 409}
    assert set(buyers.hunters.statuses) <= SERVED


@pytest.mark.whole
def test_seats_that_were_freed_behind_everybodys_back_are_sold_though_redis_has_none(house, eye):
    event, user = house.factories.event(capacity=5), house.factories.user()
    wish = {"user_id": user.id, "event_id": event.id}

    def buy():
        return ask("POST", f"{house.site.url}/bookings", json=wish)[0]

    # So many that each worker has seen the event sold out.
    assert Counter(at_once([buy] * 30)) == {201: 5, 409: 25}
    house.sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now()")
    house.sql("UPDATE events SET seats_available = 5, version = version + 1")
    eye.set(f"event:{event.id}:tokens", 0)
    time.sleep(house.calm)
    house.sell_what_is_left()
