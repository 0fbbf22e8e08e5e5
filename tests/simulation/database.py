"""A database in virtual time: rows with locks, transactions, and commits whose answers get lost."""

from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.booking.connections import FROZEN_AFTER_MS
from app.booking.typed_orders import TypeRow
from app.booking.voucher_orders import VoucherRow
from app.models import PriceEffect

LOCK_TIMEOUT = 2 * FROZEN_AFTER_MS / 1000
IDLE_TIMEOUT = FROZEN_AFTER_MS / 1000
NOTICED_AFTER = 0.05
"""Seconds after which the server notices that a client's process is gone."""

Row = namedtuple(
    "Row",
    "id seats_available version incarnation status start_at end_at sales_open_at sales_close_at "
    "sales_paused max_per_person price_minor fee_minor fee_basis_points fee_included currency "
    "has_types payment_minutes next_expiry_at "
    "capacity seats_held",
)
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
"""Of virtual time, by the clock on the wall."""


def wall_clock(world):
    return BEGIN + timedelta(seconds=world.now)


def ends_at(reservation):
    """When it ends, in virtual time."""
    return (reservation.reserved_until - BEGIN).total_seconds()


def new_row(id, capacity, has_types, payment_minutes, held=0):
    """The row of an event; with `payment_minutes`, its seats cost something, and have a fee."""
    costs = [100, 5, 250, False] if payment_minutes else [0, 0, 0, False]
    facts = ["published", BEGIN + timedelta(days=1), *[None] * 3, False, None, *costs, "INR"]
    facts += [has_types, payment_minutes, None]
    return Row(id, capacity - held, 1, 77, *facts, capacity, held)


def new_types(event_id, quotas):
    """Ticket types by id, the first of them the default one; a quota of None is the capacity."""
    plain = {"price_minor": 100, "taken": 0, "sales_open_at": None, "sales_close_at": None}
    plain |= {"min_per_order": 1, "max_per_order": None, "hidden": False, "withdrawn": False}
    return {
        id: TypeRow(id, event_id, f"Type {id}", quota=quota, is_default=id == 1, **plain)
        for id, quota in enumerate(quotas, 1)
    }


def new_vouchers(event_id, uses, held):
    """Vouchers by id, each for so many orders; seats of the last one are free, and come out of a
    hold that has `held`."""
    plain = {"valid_until": None, "email": None, "owner_id": None, "ticket_type_id": None}
    plain |= {"used": 0, "withdrawn": False, "price_effect": PriceEffect.PERCENT_OFF}
    plain |= {"price_value": 50, "hold_id": None, "hold_left": None}
    last = {"price_value": 100, "hold_id": 1, "hold_left": held}
    return {
        id: VoucherRow(
            id, event_id, f"CODE{id}", most, **(plain | (last if id == len(uses) else {}))
        )
        for id, most in enumerate(uses, 1)
    }


class Database:
    """Committed rows and bookings. `loses` is the share of COMMITs whose answer is lost."""

    def __init__(self, world, rows, types, vouchers):
        self.world = world
        self.rows = {row.id: row for row in rows}
        self.types = types
        self.left_of_type = {
            id: [(world.now, one.quota)] for id, one in types.items() if one.quota is not None
        }
        """What their quotas left, as it was from each moment on."""
        self.vouchers = vouchers
        self.uses_left = {id: [(world.now, one.max_uses)] for id, one in vouchers.items()}
        self.hold_left = {
            id: [(world.now, one.hold_left)] for id, one in vouchers.items() if one.hold_id
        }
        """What vouchers left, and the holds that they draw on, as it was from each moment on."""
        self.bookings, self.cancelled = {}, set()
        self.paid, self.expired = set(), set()
        """References of reservations that were confirmed, and of those that ended unpaid."""
        self.history = {row.id: [(world.now, row.seats_available)] for row in rows}
        self.loses = 0.0
        self.away_until = 0.0
        self.life = 0
        self._locks = {}

    @contextmanager
    def session(self):
        session = Session(self)
        try:
            yield session
        finally:
            session.leave()

    def crash(self, seconds):
        """Everybody is cut off, and nobody gets in for a while."""
        self.life += 1
        self._locks = {}
        self.away_until = self.world.now + seconds

    def apply(self, session):
        """The moment of commit: what was promised must hold now."""
        self.bookings.update(session.made)
        self.cancelled |= session.cancelled
        self.expired |= session.expired
        self.paid |= session.paid
        assert not self.paid & self.expired, "paid, and its seats were sold to others"
        for order in session.made.values():
            if order.reserved_until:
                self.world.call(ends_at(order), self.note)
        for row in session.changed.values():
            assert row.seats_available >= 0, "oversold"
            taken = self.sold(row.id) + row.seats_held
            assert row.seats_available + taken == row.capacity, "seats don't add up"
            self.rows[row.id] = row
        for id, taken in session.taken.items():
            self.types[id] = replace(self.types[id], taken=taken)
            if (quota := self.types[id].quota) is not None:
                assert taken <= quota, "more than the quota"
        for id, one in self.types.items():
            assert one.taken == self.sold_of_type(id), "types don't add up"
        self._apply_vouchers(session)
        self.note()

    def _apply_vouchers(self, session):
        self.vouchers = {
            id: replace(
                one,
                used=session.used.get(id, one.used),
                hold_left=session.holds.get(one.hold_id, one.hold_left),
            )
            for id, one in self.vouchers.items()
        }
        for id, one in self.vouchers.items():
            assert one.used == len(self.orders_with(id)), "codes don't add up"
            assert one.used <= one.max_uses, "used too often"
            held = self.rows[one.event_id].seats_held
            assert one.hold_left in (None, held), "the hold doesn't add up"

    def note(self):
        """Remember what can be bought from now on, also of seats whose time to be paid is over."""
        due = self.due()
        for row in self.rows.values():
            left = row.seats_available + sum(b.seats for b in due if b.event_id == row.id)
            self.history[row.id].append((self.world.now, left))
        for id, told in self.left_of_type.items():
            back = sum(b.seats for b in due if b.ticket_type_id == id)
            told.append((self.world.now, self.types[id].quota - self.types[id].taken + back))
        gone = {b.reference for b in due}
        for id, told in self.uses_left.items():
            orders = self.orders_with(id, without=gone)
            told.append((self.world.now, self.vouchers[id].max_uses - len(orders)))
        for id, told in self.hold_left.items():
            told.append((self.world.now, self.vouchers[id].hold_left))

    def standing(self):
        """The bookings that take seats."""
        gone = self.cancelled | self.expired
        return [b for b in self.bookings.values() if b.reference not in gone]

    def unpaid(self):
        return [b for b in self.standing() if b.reserved_until and b.reference not in self.paid]

    def due(self):
        """The reservations whose time is over, and which nobody has ended yet."""
        at = wall_clock(self.world)
        return [b for b in self.unpaid() if b.reserved_until <= at]

    def sold(self, event_id):
        return sum(b.seats for b in self.standing() if b.event_id == event_id)

    def sold_of_type(self, type_id):
        return sum(b.seats for b in self.standing() if b.ticket_type_id == type_id)

    def orders_with(self, voucher_id, without=()):
        """The orders of which a seat is taken with the voucher; bookings `without` take none."""
        standing = [b for b in self.standing() if b.reference not in without]
        return {b.voucher_order for b in standing if b.voucher_id == voucher_id}

    def lock(self, session, event_id):
        give_up = self.world.now + LOCK_TIMEOUT
        while self._locks.get(event_id) not in (None, session):
            holder = self._locks[event_id]
            if not holder.busy and self.world.now - holder.active > IDLE_TIMEOUT:
                holder.broken = True
                self.release(holder)
            elif self.world.now >= give_up:
                raise OperationalError("lock", {}, LockNotAvailable("timeout"))
            else:
                self.world.sleep(0.005)
        self._locks[event_id] = session

    def release(self, session):
        self._locks = {id: holder for id, holder in self._locks.items() if holder is not session}


class Session:
    """One transaction of one connection."""

    def __init__(self, database):
        self.database, self.world, self.life = database, database.world, database.life
        self.made, self.changed, self.cancelled = {}, {}, set()
        self.expired, self.paid = set(), set()
        self.taken, self.used, self.holds = {}, {}, {}
        self.broken = self.busy = self.ended = False
        self.active = self.world.now

    def give_back(self, bookings):
        """Give back what these bookings take of ticket types and vouchers."""
        database, gone = self.database, {b.reference for b in bookings}
        for one in bookings:
            if kind := one.ticket_type_id:
                taken = self.taken.get(kind, database.types[kind].taken)
                self.taken[kind] = taken - one.seats
            if id := one.voucher_id:
                self.used[id] = len(database.orders_with(id, without=gone))

    def statement(self):
        """Send a statement, and hear its answer; raises when the connection is lost."""
        self._check()
        self.busy = True
        self.world.sleep(self.world.random.uniform(0.0002, 0.002))
        self.busy, self.active = False, self.world.now
        self._check()

    def commit(self):
        self.statement()
        random, loses = self.world.random, self.database.loses
        fate = random.random()
        if fate < loses:
            if fate > loses / 3:  # it arrives, at once or later, and its answer does not
                late = random.uniform(0, 0.5) if fate > loses / 2 else 0
                self.busy = self.ended = True
                self.world.call(self.world.now + late, self._apply)
            self.broken = True
            raise lost()
        self._apply()
        self.world.sleep(random.uniform(0.0002, 0.002))
        self._check()

    def leave(self):
        """The session is closed, or its process is gone: that, the server notices later."""
        if self.ended:
            return
        self.ended = True
        process = getattr(getcurrent(), "process", None)
        if process is not None and process.dead:
            self.busy = True
            self.world.call(self.world.now + NOTICED_AFTER, lambda: self.database.release(self))
        else:
            self.database.release(self)

    def _check(self):
        if self.broken or self.life != self.database.life:
            self.broken = True
            raise lost()
        if self.database.away_until > self.world.now:
            self.broken = True
            raise lost()

    def _apply(self):
        self.ended = True
        if self.life == self.database.life:
            self.database.apply(self)
            self.database.release(self)


def lost():
    return OperationalError("connection", {}, Exception("lost"), connection_invalidated=True)
