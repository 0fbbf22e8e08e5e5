"""Web processes and PostgreSQL break while seats are reserved, paid in time, late, or never."""

import pytest

from tests.faults.payers import (
    CALM_DOWN,
    HURRY,
    PRICE,
    Payers,
    check_payments,
    sell_the_rest,
)
from tests.support.servers import wait_until

PEOPLE, CAPACITY = 12, 20
MORE_SEATS = (
    "UPDATE events SET capacity = capacity + 40, seats_available = seats_available + 40,"
    " version = version + 1 WHERE id = %s"
)
MOMENTS = ("row locked", "commit sent", "reply made", "money noted", "money told")


@pytest.fixture
def payers(house):
    """Twelve people who reserve and pay, with a second and a half of time each."""
    house.sql(HURRY)
    event = house.factories.event(capacity=CAPACITY, price_minor=PRICE, payment_minutes=15)
    users = [house.factories.user().id for _ in range(PEOPLE)]
    house.sql("CHECKPOINT")
    yield Payers(house.site.url, event.id, users, admin_key=house.settings.admin_key[0], pause=0.02)
    house.sql(CALM_DOWN)


def test_money_and_seats_stay_together_whatever_breaks_between_them(house, payers, figures):
    with payers:
        payers.wait_for_payments(5)
        for _ in range(figures.kills):
            for moment in MOMENTS:
                wait_until(lambda: len(house.ready_workers) == 2, 60)
                (house.failpoints / moment).touch()
                # Few seats are left all the time, and never none for long.
                house.sql(MORE_SEATS, payers.event_id)
                wait_until(lambda at=moment: not (house.failpoints / at).exists(), 60)
                payers.wait_for_payments(2)
            house.sql(MORE_SEATS, payers.event_id)
            house.crash_postgres()
            house.start_postgres()
            payers.wait_for_payments(5)
    check_payments(payers, house.sql)
    house.check_sums()
    sell_the_rest(payers, house.sql)
    check_payments(payers, house.sql)
    house.check_sums()


def test_the_check_notices_money_that_brought_nothing(house, payers):
    """The control."""
    with payers:
        payers.wait_for_payments(5)
    check_payments(payers, house.sql)
    ((booking_id,),) = house.sql(
        "SELECT id FROM bookings WHERE event_id = %s AND status = 'CONFIRMED' LIMIT 1",
        payers.event_id,
    )
    house.sql(
        "UPDATE bookings SET status = 'EXPIRED', reserved_until = now() WHERE id = %s", booking_id
    )
    with pytest.raises(AssertionError, match="paid, and has no seat"):
        check_payments(payers, house.sql)
