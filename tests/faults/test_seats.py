"""Cancellations, edits and a deletion at the worst moment, over HTTP and in two processes."""

import time
from collections import Counter

import pytest

from app.models.references import new_reference
from tests.faults.buyers import ask
from tests.support.naive import INSERT
from tests.support.servers import wait_until
from tests.support.sums import seats_left, seats_sold
from tests.support.threads import at_once


def sold_out(house, seats):
    """An event that is sold out, and the numbers of its bookings of one seat each."""
    event, user = house.factories.event(capacity=seats), house.factories.user()
    for _ in range(seats):
        house.sql(INSERT, new_reference(), user.id, event.id, None, None)
    house.sql("UPDATE events SET seats_available = 0, version = 2 WHERE id = %s", event.id)
    return event, [id for (id,) in house.sql("SELECT id FROM bookings")]


def admin(house, method, event_id, query="", **facts):
    headers = {"X-Admin-Key": house.site.admin_key}
    url = f"{house.site.url}/admin/events/{event_id}{query}"
    return ask(method, url, headers=headers, **facts)[0]


def test_many_cancellations_at_once_each_sent_twice_return_every_seat_once(house, figures):
    event, booked = sold_out(house, figures.cancellations // 2)
    statuses = Counter()

    def cancel(booking_id):
        """Until it is answered: so many at once find the house full at first."""
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            status, _ = ask("DELETE", f"{house.site.url}/bookings/{booking_id}")
            statuses[status] += 1
            if status != 503:
                return status
            time.sleep(0.2)
        return "given up"

    answers = at_once([lambda id=id: cancel(id) for id in booked * 2])
    assert Counter(answers) == {200: 2 * len(booked)}
    assert set(statuses) <= {200, 503}
    assert (seats_left(house.sql, event), seats_sold(house.sql, event)) == (len(booked), 0)
    version = house.sql("SELECT version FROM events WHERE id = %s", event.id)
    assert version == [(2 + len(booked),)], "a seat has returned twice"
    time.sleep(house.calm)
    house.sell_what_is_left()


@pytest.mark.whole
def test_a_capacity_that_goes_up_and_down_under_load_keeps_the_sums(house, figures):
    with house.buyers(capacity=40) as buyers:
        edited = Counter()
        for turn in range(figures.edits):
            sold = len(buyers.booked)
            capacity = sold + 30 if turn % 2 else max(1, sold - 5 + turn % 10)
            status = admin(house, "PUT", buyers.event_id, json={"capacity": capacity})
            edited[status] += 1
            house.check_sums()
            time.sleep(0.02)
    assert set(edited) == {200, 409}
    assert set(buyers.statuses) == {201, 409}
    assert set(buyers.hunters.statuses) <= {200, 201, 409}


def test_an_event_deleted_in_the_middle_of_its_sale_keeps_no_confirmed_booking(house):
    with house.buyers() as buyers:
        assert admin(house, "DELETE", buyers.event_id) == 409
        assert admin(house, "DELETE", buyers.event_id, "?force=true") == 204
        wait_until(lambda: buyers.statuses[404])
        assert admin(house, "DELETE", buyers.event_id, "?force=true") == 404
    query = "SELECT status, count(*) FROM bookings WHERE event_id = %s GROUP BY status"
    assert house.sql(query, buyers.event_id) == [("CANCELLED", len(buyers.booked))]
    left = "SELECT capacity - seats_available FROM events WHERE id = %s"
    assert house.sql(left, buyers.event_id) == [(0,)]
    assert set(buyers.statuses) == {201, 404}
