"""Seats that are reserved, paid in time or late, given back, and ended by whoever comes by."""

import time

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from app.booking.orders import Booked
from app.errors import NotEnoughSeats
from tests.stateful.shop import WORKERS
from tests.support.sums import assert_seats_add_up

LOOK_VALID_FOR = 1.1
"""Seconds for which a process may refuse what another has made possible, and a little."""
CAPACITY = 4
TAKES = {"RESERVED", "CONFIRMED"}
STATUSES = "SELECT id, status FROM bookings"
PASS = "UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE id = %s"
PASS_OF_EVENT = "UPDATE events SET next_expiry_at = now() - interval '2 s' WHERE id = %s"

workers = st.sampled_from(WORKERS)


class PaidAndModel(RuleBasedStateMachine):
    bookings = Bundle("bookings")

    def __init__(self, shop):
        super().__init__()
        self.shop = shop
        shop.open_anew()
        self.user = shop.new_user()
        self.event = shop.create_event(0, CAPACITY, None, price_minor=100, payment_minutes=15)
        self.seats, self.status, self.due = {}, {}, set()
        self.freed_at = 0.0
        self.pauses = 1

    @rule(target=bookings, worker=workers, seats=st.integers(1, 3))
    def reserve(self, worker, seats):
        on_sale, free = CAPACITY - self._taken(), CAPACITY - self._taken(due=False)
        answer = self.shop.reserve(worker, self.user, self.event, seats)
        if isinstance(answer, NotEnoughSeats):
            old = time.monotonic() - self.freed_at > LOOK_VALID_FOR
            assert not (old and seats <= free), answer
            self._those_due_may_have_ended()
            return multiple()
        assert isinstance(answer, Booked), answer
        assert seats <= free
        if seats > on_sale:
            self._end_those_due()
        self.seats[answer.booking.id], self.status[answer.booking.id] = seats, "RESERVED"
        return answer.booking.id

    @rule(booking=bookings)
    def pay(self, booking):
        assert self.shop.pay(booking) == (self.status[booking] == "RESERVED")
        if self.status[booking] == "RESERVED":
            self._confirm(booking)

    @rule(worker=workers, booking=bookings)
    def pay_late(self, worker, booking):
        paid = self.shop.pay_late(worker, self.event, booking)
        self._end_those_due()
        fits = self.seats[booking] <= CAPACITY - self._taken()
        waits = self.status[booking] == "RESERVED" or (self.status[booking] == "EXPIRED" and fits)
        assert paid == waits
        if paid:
            self._confirm(booking)

    @rule(booking=bookings)
    def let_its_time_pass(self, booking):
        if self.status[booking] == "RESERVED":
            self.shop.sql(PASS, booking)
            self.shop.sql(PASS_OF_EVENT, self.event)
            self.due.add(booking)
            # As processes see it, who have read another end.
            self.freed_at = time.monotonic()

    @rule(worker=workers)
    def end_what_is_due(self, worker):
        self.shop.end(worker, self.event)
        self._end_those_due()

    @rule(worker=workers, booking=bookings)
    def cancel(self, worker, booking):
        self.shop.cancel(worker, booking)
        self._end_those_due()
        if self.status[booking] in TAKES:
            self.status[booking] = "CANCELLED"
            self.freed_at = time.monotonic()

    @rule(worker=workers)
    def restart_worker(self, worker):
        self.shop.restart_worker(worker)

    @rule()
    def let_every_look_grow_old(self):
        if self.pauses and self.due:
            self.pauses -= 1
            time.sleep(LOOK_VALID_FOR)

    @invariant()
    def the_database_says_what_the_model_says(self):
        assert_seats_add_up(self.shop.sql)
        assert dict(self.shop.sql(STATUSES)) == self.status

    def _taken(self, *, due=True):
        return sum(
            self.seats[id]
            for id, status in self.status.items()
            if status in TAKES and (due or id not in self.due)
        )

    def _confirm(self, booking):
        self.status[booking] = "CONFIRMED"
        self.due.discard(booking)

    def _end_those_due(self):
        if self.due:
            self.freed_at = time.monotonic()
        self.status |= dict.fromkeys(self.due, "EXPIRED")
        self.due.clear()

    def _those_due_may_have_ended(self):
        """The order was refused by a look at the row, or by the row itself, which ends them."""
        truth = dict(self.shop.sql(STATUSES))
        ended = {id for id in self.due if truth[id] == "EXPIRED"}
        assert ended in (set(), self.due)
        if ended:
            self._end_those_due()
