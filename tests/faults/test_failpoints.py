"""A worker that dies at the worst moments of a booking; what was begun is found by its key."""

import time

import pytest

from tests.faults.buyers import ask, send
from tests.support.servers import wait_until
from tests.support.threads import at_once

MADE = {"tokens taken": False, "row locked": False, "commit sent": True, "reply made": True}
"""Whether a worker that dies there leaves a booking behind."""

IN_EACH_RUN = {"commit sent"}
"""The point of which nobody knows the outcome; `make faults` goes through all."""
POINTS = [p if p in IN_EACH_RUN else pytest.param(p, marks=pytest.mark.whole) for p in MADE]


def arm(house, point):
    (house.failpoints / point).touch()


def died(house, point):
    return not (house.failpoints / point).exists()


def serving(house):
    """The numbers of the workers that answer; asked at once, both have a turn."""

    def worker():
        return int(send("GET", f"{house.site.url}/health").headers["X-Worker"])

    return set(at_once([worker] * 6))


@pytest.mark.parametrize("point", POINTS)
def test_the_same_key_again_gives_the_same_booking_and_a_new_worker_serves(house, figures, point):
    user, event = house.factories.user(), house.factories.event(capacity=3)
    wish = {"user_id": user.id, "event_id": event.id, "idempotency_key": "k-1"}
    query = "SELECT id FROM bookings WHERE event_id = %s AND idempotency_key = 'k-1'"
    # The first booking brings the event's tokens into Redis.
    ask("POST", f"{house.site.url}/bookings", json={**wish, "idempotency_key": "k-0"})
    wait_until(lambda: len(house.ready_workers) == 2)
    workers = house.ready_workers
    arm(house, point)
    status, _ = ask("POST", f"{house.site.url}/bookings", json=wish)
    death = time.monotonic()
    assert (status, died(house, point)) == ("RemoteProtocolError", True)
    # The server may still be at work on the COMMIT of the dead.
    wait_until(lambda: len(house.sql(query, event.id)) == MADE[point], 2)
    left_behind = house.sql(query, event.id)
    status, booked = ask("POST", f"{house.site.url}/bookings", json=wish)
    assert status == 201
    assert house.sql(query, event.id) == [(booked["booking_id"],)]
    assert left_behind in ([], [(booked["booking_id"],)])
    # It is there within two seconds; then it loads the application, as long as that takes here.
    wait_until(lambda: len(house.workers) == 2, 2 - (time.monotonic() - death))
    wait_until(lambda: serving(house) - workers, 20)
    time.sleep(figures.calm)
    house.sell_what_is_left()


@pytest.mark.parametrize("point", POINTS)
def test_under_load_nothing_is_lost_or_doubled_or_stranded(house, figures, point):
    with house.buyers() as buyers:
        for _ in range(figures.kills):
            wait_until(lambda: len(house.ready_workers) == 2, 20)
            arm(house, point)
            wait_until(lambda: died(house, point), 5)
            assert buyers.wait_for_bookings(1) <= 2
            buyers.wait_for_bookings(20)
