"""Hypothesis drives the shop and the model side by side, and compares them after each step."""

import time

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from app.booking.gate import tokens_key, version_key
from app.booking.orders import Booked
from app.errors import NotEnoughSeats
from tests.stateful.model import NEW, Model, ModelBooking, ModelEvent, Wish, other_wish
from tests.stateful.shop import WORKERS
from tests.support.sums import assert_seats_add_up

SNAPSHOT_VALID_FOR = 1.0
"""Seconds: no wrong "sold out" is older, says docs/booking.md."""
RUBBISH = ["0", "1", "999", "-5", "x"]
DAMAGE = {
    **{f"tokens {value!r}": lambda event, v=value: (tokens_key(event), v) for value in RUBBISH},
    "version 'x'": lambda event: (version_key(event), "x"),
}
MISHAPS = ["flushed Redis", "new Redis", "new worker", *DAMAGE]
MOST_EVENTS = 2
"""Few, so that what happens happens to the same one."""

workers = st.sampled_from(WORKERS)
buyers = st.integers(0, 1)
few = st.integers(1, 3)
limits = st.sampled_from([None, 1, 2])


class ShopAndModel(RuleBasedStateMachine):
    events, bookings, with_key = Bundle("events"), Bundle("bookings"), Bundle("with_key")

    def __init__(self, shop):
        super().__init__()
        self.shop, self.model = shop, Model()
        shop.open_anew()
        self.users = [shop.new_user() for _ in range(2)]
        self.seen = {}
        """By worker and event: the seats that its last look saw, and a moment after the look."""
        self.waits = self.pauses = self.restarts = 1
        """What takes long happens once at most; what ends the sale happens seldom."""
        self.deletions = 2

    @initialize(target=events, worker=workers, limit=limits)
    def open_with_an_event(self, worker, limit):
        return self.create_event(worker, 3, limit)

    @precondition(lambda self: len(self.model.events) < MOST_EVENTS)
    @rule(target=events, worker=workers, capacity=few, limit=limits)
    def create_event(self, worker, capacity, limit):
        event = self.shop.create_event(worker, capacity, limit)
        self.model.events[event] = ModelEvent(capacity, limit)
        self._looked(worker, event)
        return event

    @rule(target=bookings, worker=workers, buyer=buyers, event=events, seats=few)
    def book(self, worker, buyer, event, seats):
        return self._book(worker, Wish(self.users[buyer], event, seats))

    @rule(
        targets=(bookings, with_key),
        worker=workers,
        buyer=buyers,
        event=events,
        seats=few,
        key=st.sampled_from(["k-1", "k-2"]),
    )
    def book_with_a_key(self, worker, buyer, event, seats, key):
        return self._book(worker, Wish(self.users[buyer], event, seats, key))

    @rule(worker=workers, booking=with_key)
    def repeat_a_key(self, worker, booking):
        self._book(worker, self.model.bookings[booking].wish)

    @rule(worker=workers, booking=with_key, seats=few)
    def use_a_key_for_another_wish(self, worker, booking, seats):
        self._book(worker, other_wish(self.model.bookings[booking].wish, seats))

    @rule(
        target=bookings,
        worker=workers,
        wishes=st.lists(st.tuples(buyers, events, few), min_size=2, max_size=4),
    )
    def book_together(self, worker, wishes):
        asked = time.monotonic()
        wishes = [Wish(self.users[buyer], event, seats) for buyer, event, seats in wishes]
        answers = self.shop.book_together(worker, wishes)
        made = [
            self._check(worker, wish, answer, asked)
            for wish, answer in zip(wishes, answers, strict=True)
        ]
        for wish, answer in zip(wishes, answers, strict=True):
            self._learn(worker, wish, answer)
        return multiple(*(booking for booking in made if booking))

    @rule(worker=workers, booking=bookings)
    def cancel(self, worker, booking):
        """Bookings stay in the bundle: some are cancelled again, by either worker."""
        answer = self.shop.cancel(worker, booking)
        assert (answer.id, answer.takes_seats) == (booking, False)
        self.model.cancel(booking)
        # Also when nothing was left to cancel: the row was looked at.
        self._looked_at_that_of(worker, booking)

    @rule(worker=workers, booking=bookings, keep=few)
    def give_some_back(self, worker, booking, keep):
        answer = self.shop.give_back(worker, booking, keep)
        changes = self.model.give_back(booking, keep)
        if isinstance(changes, bool):
            assert answer.seats == self.model.bookings[booking].seats
        else:
            assert isinstance(answer, changes)
        if isinstance(changes, bool):
            self._looked_at_that_of(worker, booking)

    @rule(worker=workers, event=events, capacity=st.integers(1, 5))
    def resize(self, worker, event, capacity):
        answer = self.shop.resize(worker, event, capacity)
        if refusal := self.model.resize(event, capacity):
            assert isinstance(answer, refusal)
        else:
            assert (answer.capacity, answer.seats_available) == (capacity, self.model.left(event))
            self._looked(worker, event)

    @rule(worker=workers, event=events, seats=st.integers(0, 4))
    def hold_back(self, worker, event, seats):
        answer = self.shop.hold(worker, event, seats)
        if refusal := self.model.hold(event, seats):
            assert isinstance(answer, refusal)
        else:
            assert (answer.seats_held, answer.seats_available) == (seats, self.model.left(event))
            self._looked(worker, event)

    @precondition(lambda self: self.deletions)
    @rule(worker=workers, event=events, force=st.booleans())
    def delete(self, worker, event, force):
        self.deletions -= 1
        answer = self.shop.delete(worker, event, force)
        expected = self.model.delete(event, force)
        if isinstance(expected, int):
            assert answer == expected
            self.seen[worker, event] = (0, time.monotonic())
        else:
            assert isinstance(answer, expected)

    @rule(target=bookings, worker=workers, event=events)
    def every_free_seat_can_be_bought(self, worker, event):
        made = []
        if self.model.events[event].deleted:
            return multiple()
        # Not as preconditions: by the clock, a step repeated later might not be there to choose.
        while self.waits and self.model.left(event):
            wish = Wish(self.shop.new_user(), event, 1)
            answer = self._book_in_the_end(worker, wish)
            assert isinstance(answer, Booked)
            made.append(self._check(worker, wish, answer, time.monotonic()))
            self._learn(worker, wish, answer)
        return multiple(*made)

    @rule(event=events, worker=workers, mishap=st.sampled_from(MISHAPS))
    def meet_with(self, event, worker, mishap):
        if mishap == "flushed Redis":
            self.shop.flush_redis()
        elif mishap == "new worker":
            self.shop.restart_worker(worker)
            self.seen = {place: look for place, look in self.seen.items() if place[0] != worker}
        elif mishap == "new Redis" and self.restarts:
            self.restarts -= 1
            self.shop.restart_redis()
        elif mishap in DAMAGE:
            self.shop.set_in_redis(*DAMAGE[mishap](event))

    @rule()
    def let_every_look_grow_old(self):
        if self.pauses and self._some_look_is_out_of_date():
            self.pauses -= 1
            time.sleep(SNAPSHOT_VALID_FOR + 0.01)

    @invariant()
    def the_database_says_what_the_model_says(self):
        assert_seats_add_up(self.shop.sql)
        assert self.shop.rows() == self.model.rows()

    def _book(self, worker, wish):
        asked = time.monotonic()
        answer = self.shop.book(worker, wish)
        booking = self._check(worker, wish, answer, asked)
        self._learn(worker, wish, answer)
        return booking or multiple()

    def _book_in_the_end(self, worker, wish):
        """Ask until it is more than "sold out", which is wrong: in a second at most."""
        first, waited = time.monotonic(), False
        while True:
            asked = time.monotonic()
            answer = self.shop.book(worker, wish)
            if not isinstance(answer, NotEnoughSeats):
                self.waits -= waited
                return answer
            assert asked - first <= SNAPSHOT_VALID_FOR, "a free seat can't be bought"
            waited = True
            time.sleep(0.02)

    def _check(self, worker, wish, answer, asked):
        """Hold the answer against the model's; the new booking's id, if there is one."""
        expected = self.model.verdict(wish)
        if self._excused(worker, wish, answer, asked):
            return None
        if expected is NEW:
            assert isinstance(answer, Booked), answer
            assert (answer.replayed, answer.booking.id in self.model.bookings) == (False, False)
            self.model.bookings[answer.booking.id] = ModelBooking(wish)
            return answer.booking.id
        if isinstance(expected, int):
            assert isinstance(answer, Booked), answer
            assert (answer.replayed, answer.booking.id) == (True, expected)
        else:
            assert isinstance(answer, expected), answer
        return None

    def _excused(self, worker, wish, answer, asked):
        """Whether it is a "sold out" that the worker's own young look has seen."""
        seats, when = self.seen.get((worker, wish.event), (wish.seats, 0))
        young = asked - when <= SNAPSHOT_VALID_FOR
        refused = isinstance(answer, NotEnoughSeats) and wish.key is None
        return refused and young and seats < wish.seats

    def _learn(self, worker, wish, answer):
        """After an answer that took a look at the row, remember what was seen."""
        left = self.model.left(wish.event)
        deleted = self.model.events[wish.event].deleted
        if not deleted and (not isinstance(answer, NotEnoughSeats) or answer.left == left):
            self._looked(worker, wish.event)

    def _looked(self, worker, event):
        self.seen[worker, event] = (self.model.left(event), time.monotonic())

    def _looked_at_that_of(self, worker, booking):
        event = self.model.bookings[booking].wish.event
        if not self.model.events[event].deleted:
            self._looked(worker, event)

    def _some_look_is_out_of_date(self):
        return any(seats < self.model.left(event) for (_, event), (seats, _) in self.seen.items())
