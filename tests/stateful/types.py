"""Orders of several ticket types beside cancellations and the organiser's edits of their quotas."""

import time
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from app.booking.orders import Booked
from app.errors import IdempotencyKeyReused, InvalidField, NotEnoughSeats
from tests.stateful.shop import WORKERS
from tests.support.sums import assert_seats_add_up

LOOK_VALID_FOR = 1.1
"""Seconds for which a process may refuse what another has made possible, and a little."""
NAMES = ("General", "VIP", "Student")
CAPACITY = 6
TAKEN = "SELECT name, taken, quota FROM ticket_types ORDER BY id"
BOOKED = (
    "SELECT b.id, t.name, b.seats FROM bookings b JOIN ticket_types t ON t.id = b.ticket_type_id"
    " WHERE b.status = 'CONFIRMED'"
)

workers = st.sampled_from(WORKERS)
few = st.integers(1, 3)
wishes = st.dictionaries(st.sampled_from(NAMES), few, min_size=1, max_size=3)
quotas = st.one_of(st.none(), st.integers(1, 4))
keys = st.sampled_from([None, None, "k-1", "k-2"])


@dataclass
class Standing:
    """A booking that takes seats."""

    name: str
    seats: int


class TypesAndModel(RuleBasedStateMachine):
    bookings = Bundle("bookings")

    def __init__(self, shop):
        super().__init__()
        self.shop = shop
        shop.open_anew()
        self.user = shop.new_user()
        self.event = shop.create_event(0, CAPACITY, None)
        self.types = shop.add_types(self.event, {"VIP": 3, "Student": 2})
        self.quotas = {"General": None, "VIP": 3, "Student": 2}
        self.standing, self.by_key = {}, {}
        self.freed_at = 0.0
        self.pauses = 1

    @rule(target=bookings, worker=workers, wish=wishes, key=keys)
    def order(self, worker, wish, key):
        answer = self.shop.order(worker, self.user, self.event, self._items(wish), key)
        if key in self.by_key:
            self._check_repeated(answer, wish, key)
            return multiple()
        if isinstance(answer, NotEnoughSeats):
            old = time.monotonic() - self.freed_at > LOOK_VALID_FOR
            assert not (old and self._fits(wish)), answer
            return multiple()
        assert isinstance(answer, Booked), answer
        assert self._fits(wish)
        names = {id: name for name, id in self.types.items()}
        made = {names[one.ticket_type_id]: one.seats for one in answer.bookings}
        assert made == wish
        for one in answer.bookings:
            self.standing[one.id] = Standing(names[one.ticket_type_id], one.seats)
        if key:
            self.by_key[key] = (wish, [one.id for one in answer.bookings])
        return multiple(*(one.id for one in answer.bookings))

    @rule(worker=workers, booking=bookings, keep=st.integers(0, 2))
    def give_back(self, worker, booking, keep):
        answer = self.shop.give_back(worker, booking, keep)
        standing = self.standing.get(booking)
        if standing is None:
            assert not answer.takes_seats
        elif keep > standing.seats:
            assert isinstance(answer, InvalidField)
        else:
            self.freed_at = time.monotonic()
            standing.seats = keep
            if not keep:
                del self.standing[booking]

    @rule(
        worker=workers, name=st.sampled_from(NAMES), quota=st.one_of(st.none(), st.integers(1, 4))
    )
    def set_quota(self, worker, name, quota):
        answer = self.shop.change_type(worker, self.event, self.types[name], {"quota": quota})
        if quota is not None and quota < self._taken(name):
            assert isinstance(answer, InvalidField)
            return
        assert answer.quota == quota
        self.quotas[name], self.freed_at = quota, time.monotonic()

    @rule(worker=workers)
    def restart_worker(self, worker):
        self.shop.restart_worker(worker)

    @rule()
    def let_every_look_grow_old(self):
        if self.pauses and self.standing:
            self.pauses -= 1
            time.sleep(LOOK_VALID_FOR)

    @invariant()
    def the_database_says_what_the_model_says(self):
        assert_seats_add_up(self.shop.sql)
        taken = [(name, self._taken(name), self.quotas[name]) for name in NAMES]
        assert self.shop.sql(TAKEN) == taken
        booked = {(id, one.name, one.seats) for id, one in self.standing.items()}
        assert set(self.shop.sql(BOOKED)) == booked

    def _items(self, wish):
        return [(self.types[name], seats) for name, seats in wish.items()]

    def _check_repeated(self, answer, wish, key):
        first, ids = self.by_key[key]
        if wish == first:
            assert (answer.replayed, [one.id for one in answer.bookings]) == (True, ids)
        else:
            assert isinstance(answer, IdempotencyKeyReused)

    def _taken(self, name):
        return sum(one.seats for one in self.standing.values() if one.name == name)

    def _fits(self, wish):
        within = all(
            self.quotas[name] is None or self._taken(name) + seats <= self.quotas[name]
            for name, seats in wish.items()
        )
        return within and sum(map(self._taken, NAMES)) + sum(wish.values()) <= CAPACITY
