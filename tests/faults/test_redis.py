"""Redis frozen, killed, emptied and lied to while seats are sold: slower perhaps, never wrong."""

import os
import signal
import time

import pytest
import redis as redis_client


@pytest.fixture
def tokens(house):
    with redis_client.Redis(port=house.redis.port) as client:
        yield lambda event_id, value: client.set(f"event:{event_id}:tokens", value)


def test_a_frozen_redis_stops_no_booking(house):
    with house.buyers() as buyers:
        os.kill(house.redis.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            while time.monotonic() < began + 3:
                buyers.wait_for_bookings(5)
        finally:
            os.kill(house.redis.pid, signal.SIGCONT)
        buyers.wait_for_bookings(50)
    assert set(buyers.statuses) == {201}


def test_a_killed_redis_stops_no_booking(house):
    with house.buyers() as buyers:
        os.kill(house.redis.pid, signal.SIGKILL)
        buyers.wait_for_bookings(100)
    assert set(buyers.statuses) == {201}


def test_a_redis_that_forgets_and_lies_never_oversells_and_strands_no_seat(house, tokens):
    capacity = 400
    with house.buyers(capacity=capacity) as buyers:
        lies, client = [0, -5, "x", 10**6], redis_client.Redis(port=house.redis.port)
        for turn in range(100):
            tokens(buyers.event_id, lies[turn % 4]) if turn % 5 else client.flushall()
            time.sleep(0.03)
            if len(buyers.booked) == capacity:
                break
        began = time.monotonic()
        while len(buyers.booked) < capacity:
            assert time.monotonic() < began + 20, f"stranded at {len(buyers.booked)}"
            time.sleep(0.01)
        client.close()
    assert set(buyers.statuses) <= {201, 409}
    assert house.sql("SELECT seats_available FROM events") == [(0,)]
