"""PostgreSQL crashing, restarting and staying away while seats are sold."""

import time

import httpx

CRASHES = 3


def test_crashes_of_the_database_lose_no_booking(house):
    with house.buyers() as buyers:
        for _ in range(CRASHES):
            house.crash_postgres()
            time.sleep(0.3)
            house.start_postgres()
            assert buyers.wait_for_bookings(1) <= 2
            buyers.wait_for_bookings(50)
    assert set(buyers.statuses) <= {201, 503}


def test_without_the_database_the_site_says_so_soon_and_comes_back_by_itself(house):
    with house.buyers(keeps_asking=False) as buyers:
        house.crash_postgres()
        time.sleep(0.2)
        for path, status in (("/health", 200), ("/ready", 503), ("/events", 503)):
            began = time.monotonic()
            answer = httpx.get(f"{house.site.url}{path}", timeout=10)
            assert (path, answer.status_code) == (path, status)
            assert time.monotonic() - began <= 2
        house.start_postgres()
        buyers.wait_for_bookings(20)
        assert httpx.get(f"{house.site.url}/ready", timeout=10).status_code == 200
    assert set(buyers.statuses) <= {201, 503}


def test_a_database_that_stops_answering_makes_nobody_wait_longer_than_ten_seconds(house):
    with house.buyers(keeps_asking=False) as buyers:
        frozen = house.postgres_processes()
        for process in frozen:
            process.suspend()
        try:
            for path, status in (("/health", 200), ("/ready", 503), ("/events", 503)):
                answer = httpx.get(f"{house.site.url}{path}", timeout=10)
                assert (path, answer.status_code) == (path, status)
        finally:
            for process in frozen:
                process.resume()
        buyers.wait_for_bookings(20)
    assert set(buyers.statuses) <= {201, 503}
