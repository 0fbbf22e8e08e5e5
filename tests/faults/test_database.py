"""PostgreSQL crashing, restarting and staying away while seats are sold."""

import time

import pytest

from tests.faults.buyers import ask
from tests.support.threads import at_once

PARTS = ("backend", "checkpointer", "walwriter", "background writer", "postmaster")
PLACES = (("/health", 200), ("/ready", 503), ("/events", 503))


@pytest.mark.whole
def test_crashes_of_the_database_lose_no_booking(house, figures):
    with house.buyers() as buyers:
        for _ in range(figures.crashes):
            house.crash_postgres()
            time.sleep(0.3)
            house.start_postgres()
            assert buyers.wait_for_bookings(1) <= 2
            buyers.wait_for_bookings(50)
    assert set(buyers.statuses) <= {201, 503}


def test_processes_of_the_database_killed_in_turn_lose_no_booking(house, figures):
    with house.buyers() as buyers:
        for part in PARTS * figures.kills:
            house.kill_postgres(part)
            if part == "postmaster":
                house.start_postgres()
            assert buyers.wait_for_bookings(50) <= 4, part
    assert set(buyers.statuses) <= {201, 503}


def test_without_the_database_the_site_says_so_soon_and_comes_back_by_itself(house, figures):
    with house.buyers(keeps_asking=False) as buyers:
        stopped = time.monotonic()
        house.stop_postgres()
        away = time.monotonic()
        while time.monotonic() < away + figures.away:
            for path, status in PLACES:
                began = time.monotonic()
                assert (path, ask("GET", house.site.url + path)[0]) == (path, status)
                assert time.monotonic() - began <= 2
        back = time.monotonic()
        house.start_postgres()
        buyers.wait_for_bookings(20)
        assert ask("GET", f"{house.site.url}/ready")[0] == 200
    assert buyers.slowest_asked_in(stopped, back) <= 2
    assert set(buyers.statuses) <= {201, 503}


@pytest.mark.whole
def test_a_database_that_stops_answering_makes_nobody_wait_longer_than_ten_seconds(house):
    with house.buyers(keeps_asking=False) as buyers:
        frozen = house.postgres_processes()
        for process in frozen:
            process.suspend()
        try:
            told = at_once([lambda p=path: ask("GET", house.site.url + p)[0] for path, _ in PLACES])
            assert told == [status for _, status in PLACES]
        finally:
            for process in frozen:
                process.resume()
        buyers.wait_for_bookings(20)
    assert set(buyers.statuses) <= {201, 503}
