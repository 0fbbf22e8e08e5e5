"""First come, first served: a greedy client holds nobody up for long."""

import json
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from threading import Thread

import pytest

from app.booking.group_commit import GroupCommit
from app.booking.orders import Booked, Order
from tests.overload.last_come_first import UnfairTurns
from tests.support.servers import wait_until
from tests.support.site import Site
from tests.support.threads import at_once, in_app

MOST = 10
GREEDY = 30
"""Connections of one client: three turns' worth."""
MODEST = 4
WHEN_MODEST_COME, ENOUGH = 3, 30
"""Turns: when the modest ask, and when the greedy client goes away in any case."""


class CountedTurns:
    """The real desk's turns, of a few orders each, and how many have begun."""

    def __init__(self, kind, desk):
        self.begun, self.desk = 0, desk
        self.queue = kind(self.serve, max_batch=MOST, max_queue=1000, timeout=30)

    def serve(self, orders):
        self.begun += 1
        return self.desk.settle(orders)


class CrowdedTurns(CountedTurns):
    """Each lasts until everybody is back: a desk that is never done with its greedy client."""

    def __init__(self, kind, desk, greedy):
        super().__init__(kind, desk)
        self.greedy, self.joined = greedy, 0
        self.waited = []
        """Turns, of each of the modest who has been served."""
        self.door_is_open = True
        """To the greedy client; closed, its next orders come after those of the modest."""

    @property
    def goes_on(self):
        return len(self.waited) < MODEST and self.begun < ENOUGH

    def serve(self, orders):
        self.begun += 1
        if self.begun == WHEN_MODEST_COME:
            self._wait_for(GREEDY - len(orders) - MOST + MODEST)
            self.joined, self.door_is_open = MODEST, True
        self._wait_for(GREEDY + self.joined - len(self.waited) - len(orders))
        modest = [order for order in orders if order.user_id != self.greedy]
        self.waited += [self.begun - WHEN_MODEST_COME] * len(modest)
        # Everybody is here or in the queue: nobody slips in between.
        if self.begun == WHEN_MODEST_COME - 1:
            self.door_is_open = False
        return self.desk.settle(orders)

    def _wait_for(self, many):
        wait_until(lambda: self.queue.waiting >= many or not self.goes_on)


def in_arrival_order(app, commits, hold, event, users):
    """Each user's order queues up after the one before; returns when all are answered."""
    threads = []
    with hold(event):
        for before, user in enumerate(users):
            order = Order(user.id, event.id, 1)
            threads.append(Thread(target=in_app(app, commits.queue.submit, order)))
            threads[-1].start()
            # The first leads: it waits for the row, and not in the queue.
            wait_until(lambda n=before: commits.begun and commits.queue.waiting == n)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def buyers_by_booking(sql):
    return [user for (user,) in sql("SELECT user_id FROM bookings ORDER BY id")]


@pytest.mark.parametrize(("kind", "fair"), [(GroupCommit, True), (UnfairTurns, False)])
def test_bookings_are_made_in_the_order_in_which_their_orders_came(
    app, desk, hold, make_user, make_event, sql, invariants, kind, fair
):
    event, users = make_event(capacity=100), [make_user() for _ in range(2 * MOST)]
    in_arrival_order(app, CountedTurns(kind, desk), hold, event, users)
    assert len(buyers_by_booking(sql)) == len(users)
    assert (buyers_by_booking(sql) == [user.id for user in users]) is fair


@pytest.mark.parametrize(("kind", "fair"), [(GroupCommit, True), (UnfairTurns, False)])
def test_beside_a_greedy_client_nobody_waits_longer_than_two_turns(
    app, desk, make_user, make_event, invariants, kind, fair
):
    event, greedy = make_event(capacity=100_000), make_user()
    commits = CrowdedTurns(kind, desk, greedy.id)

    def grab():
        while commits.goes_on:
            wait_until(lambda: commits.door_is_open)
            assert isinstance(commits.queue.submit(Order(greedy.id, event.id, 1)), Booked)

    def buy_once(user):
        wait_until(lambda: commits.begun == WHEN_MODEST_COME)
        assert isinstance(commits.queue.submit(Order(user.id, event.id, 1)), Booked)

    modest = [make_user() for _ in range(MODEST)]
    answers = at_once(
        [in_app(app, grab)] * GREEDY + [in_app(app, buy_once, user) for user in modest]
    )
    assert [answer for answer in answers if answer] == []
    assert (max(commits.waited) <= 2) is fair


def sent_one_by_one(stack, site, event, users):
    """Each over a connection of its own, a moment after the one before."""
    lines = []
    for user in users:
        line = stack.enter_context(
            closing(HTTPConnection(site.url.removeprefix("http://"), timeout=10))
        )
        wish = json.dumps({"user_id": user.id, "event_id": event.id})
        line.request("POST", "/api/bookings", wish, {"Content-Type": "application/json"})
        # Nothing tells from outside that an order has joined the queue.
        time.sleep(0.02)
        lines.append(line)
    return lines


UNFAIR = "tests.overload.last_come_first:make_app()"
ENTRIES = [("wsgi:app", True), pytest.param(UNFAIR, False, marks=pytest.mark.whole)]


@pytest.mark.parametrize(("entry", "fair"), ENTRIES, ids=["ours", "unfair"])
def test_the_site_books_in_the_order_in_which_requests_came(
    settings, folder, hold, make_user, make_event, sql, invariants, entry, fair
):
    event, users = make_event(capacity=100), [make_user() for _ in range(20)]
    place = folder / f"fair-{fair}"
    with Site(settings, place, app=entry, WEB_CONCURRENCY="1") as site, ExitStack() as stack:
        with hold(event):
            lines = sent_one_by_one(stack, site, event, users)
        assert {line.getresponse().status for line in lines} == {201}
    assert (buyers_by_booking(sql) == [user.id for user in users]) is fair
