"""Everything that writes seats, all of it at once."""

from random import Random
from threading import Barrier

import pytest

from app.errors import Refused, UtsavamError
from app.services import bookings, events
from tests.support import naive
from tests.support.sums import assert_seats_add_up, seats_left, seats_sold
from tests.support.threads import at_once, in_app


def test_the_naive_way_of_changing_the_capacity_loses_a_sale(url, make_user, make_event, sql):
    event, user, together = make_event(capacity=5), make_user(), Barrier(2)
    at_once(
        [
            lambda: naive.set_capacity(url, event, 50, together),
            lambda: naive.book(url, user, event, together),
        ]
    )
    with pytest.raises(AssertionError, match="1 sold of 50"):
        assert_seats_add_up(sql)


class Visitor:
    """Does one thing after another by chance, and keeps the errors that it did not foresee."""

    def __init__(self, desk, user, events_here, seed):
        self._desk, self._user, self._events = desk, user, events_here
        self._chance = Random(seed)
        self._mine = []
        self.surprises = []

    def act(self, times):
        deeds = [self._book] * 5 + [self._cancel] * 3 + [self._resize] * 2
        for _ in range(times):
            try:
                self._chance.choice(deeds)()
            except Refused:
                continue
            except UtsavamError as error:
                self.surprises.append(error)

    def _book(self):
        event, seats = self._chance.choice(self._events), self._chance.randint(1, 3)
        booked = bookings.book(self._desk, user_id=self._user.id, event_id=event.id, seats=seats)
        self._mine.append(booked.booking.id)

    def _cancel(self):
        if self._mine:
            bookings.cancel(self._desk, self._chance.choice(self._mine))

    def _resize(self):
        event, capacity = self._chance.choice(self._events), self._chance.randint(5, 40)
        events.update_event(event.id, {"capacity": capacity}, self._desk)


def test_booking_cancelling_and_resizing_at_once_keeps_the_sums(
    app, desk, make_user, make_event, sql, invariants
):
    here = [make_event(capacity=20) for _ in range(3)]
    visitors = [Visitor(desk, make_user(), here, seed) for seed in range(12)]
    at_once(in_app(app, visitor.act, 25) for visitor in visitors)
    assert [error for visitor in visitors for error in visitor.surprises] == []
    invariants()
    for event in here:
        sell_out(desk, app, make_user(), event, seats_left(sql, event))
        assert seats_left(sql, event) == 0


def sell_out(desk, app, user, event, left):
    """Every seat that is free can be bought, one by one."""
    with app.app_context():
        for _ in range(left):
            bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)


def test_an_event_deleted_in_the_middle_of_its_sale_keeps_no_confirmed_booking(
    race, desk, make_user, make_event, sql, invariants
):
    event = make_event(capacity=1000)
    order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
    calls = [(bookings.book, (desk,), order)] * 30
    calls.insert(15, (events.delete_event, (event.id, desk), {"force": True}))
    answers = race(calls)
    cancelled = next(answer for answer in answers if isinstance(answer, int))
    assert sql("SELECT count(*) FROM bookings WHERE status = 'CANCELLED'") == [(cancelled,)]
    assert (seats_sold(sql, event), seats_left(sql, event)) == (0, 1000)


def test_every_raise_of_the_capacity_can_be_bought(
    race, desk, make_user, make_event, sql, invariants
):
    event = make_event(capacity=5)
    order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
    raises = [(events.update_event, (event.id, {"capacity": c}, desk), {}) for c in (10, 20, 30)]
    race([(bookings.book, (desk,), order)] * 20 + raises)
    capacity, left = sql("SELECT capacity, seats_available FROM events")[0]
    race([(bookings.book, (desk,), order)] * left)
    assert seats_sold(sql, event) == capacity
