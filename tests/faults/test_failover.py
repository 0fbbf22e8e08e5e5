"""The first of two PostgreSQL servers fails, and the second one takes its place."""

import time

import pytest

from tests.faults.pair import Pair

pytestmark = pytest.mark.whole


@pytest.fixture
def make_pair(settings, folder):
    pairs = []

    def make(**options):
        pairs.append(Pair(settings, folder / f"pair{len(pairs)}-{time.monotonic_ns()}", **options))
        pairs[-1].open()
        return pairs[-1]

    yield make
    for pair in pairs:
        pair.close()


def fail_over(pair):
    pair.crash_postgres()
    pair.promote()


def test_a_failover_loses_no_booking_and_soon_people_book_again(make_pair):
    pair = make_pair()
    with pair.buyers() as buyers:
        fail_over(pair)
        assert buyers.wait_for_bookings(1) <= 5
        buyers.wait_for_bookings(100)
        assert set(buyers.statuses) <= {201, 503}
        # The first one comes back, and knows of nothing: nobody is to book with it.
        pair.start_postgres()
        pair.workers[0].kill()
        buyers.wait_for_bookings(100)
        pair.crash_postgres()


def beside_a_standby_that_gets_nothing(pair):
    """Bookings that are made while no standby takes them, and then a failover to it."""
    with pair.buyers(open_at_the_end=False) as buyers:
        pair.stop_sending()
        time.sleep(8)
        fail_over(pair)
        buyers.wait_for_bookings(20)
    return buyers


def test_what_no_standby_has_is_not_said_to_be_booked(make_pair):
    buyers = beside_a_standby_that_gets_nothing(make_pair())
    assert set(buyers.statuses) <= {201, 503}


def test_a_standby_that_nobody_waits_for_loses_bookings(make_pair):
    with pytest.raises(AssertionError, match="a confirmed booking is lost"):
        beside_a_standby_that_gets_nothing(make_pair(synchronous=False))
