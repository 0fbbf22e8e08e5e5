"""A database in virtual time: rows with locks, transactions, and commits whose answers get lost."""

from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.booking.connections import FROZEN_AFTER_MS
from app.booking.orders import Confirmed
from app.booking.typed_orders import TypeRow

LOCK_TIMEOUT = 2 * FROZEN_AFTER_MS / 1000
IDLE_TIMEOUT = FROZEN_AFTER_MS / 1000
NOTICED_AFTER = 0.05
"""Seconds after which the server notices that a client's process is gone."""

Row = namedtuple(
    "Row",
    "id seats_available version incarnation status start_at end_at sales_open_at sales_close_at "
    "sales_paused max_per_person price_minor currency has_types capacity",
)


def new_row(id, capacity, has_types):
    start = datetime.now(UTC) + timedelta(days=1)
    facts = ["published", start, *[None] * 3, False, None, 0, "INR", has_types]
    return Row(id, capacity, 1, 77, *facts, capacity)


def new_types(event_id, quotas):
    """Ticket types by id, the first of them the default one; a quota of None is the capacity."""
    plain = {"price_minor": 0, "taken": 0, "sales_open_at": None, "sales_close_at": None}
    plain |= {"min_per_order": 1, "max_per_order": None, "hidden": False, "withdrawn": False}
    return {
        id: TypeRow(id, event_id, f"Type {id}", quota=quota, is_default=id == 1, **plain)
        for id, quota in enumerate(quotas, 1)
    }


class Database:
    """Committed rows and bookings. `loses` is the share of COMMITs whose answer is lost."""

    def __init__(self, world, rows, types):
        self.world = world
        self.rows = {row.id: row for row in rows}
        self.types = types
        self.left_of_type = {
            id: [(world.now, one.quota)] for id, one in types.items() if one.quota is not None
        }
        """What their quotas left, as it was from each moment on."""
        self.bookings, self.cancelled = {}, set()
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
        for row in session.changed.values():
            assert row.seats_available >= 0, "oversold"
            assert row.seats_available + self.sold(row.id) == row.capacity, "seats don't add up"
            self.rows[row.id] = row
            self.history[row.id].append((self.world.now, row.seats_available))
        for id, taken in session.taken.items():
            self.types[id] = replace(self.types[id], taken=taken)
            if (quota := self.types[id].quota) is not None:
                assert taken <= quota, "more than the quota"
                self.left_of_type[id].append((self.world.now, quota - taken))
        for id, one in self.types.items():
            assert one.taken == self.sold_of_type(id), "types don't add up"

    def sold(self, event_id):
        confirmed = (b for b in self.bookings.values() if b.reference not in self.cancelled)
        return sum(b.seats for b in confirmed if b.event_id == event_id)

    def sold_of_type(self, type_id):
        confirmed = (b for b in self.bookings.values() if b.reference not in self.cancelled)
        return sum(b.seats for b in confirmed if b.ticket_type_id == type_id)

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
        self.taken = {}
        self.broken = self.busy = self.ended = False
        self.active = self.world.now

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


class Queries:
    """Stands where the ledger and its recovery say `queries`."""

    def lock_rows(self, session, event_ids):
        session.statement()
        for id in sorted(event_ids):
            session.database.lock(session, id)
            session.active = session.world.now
        rows = session.database.rows
        return {id: rows[id] for id in sorted(event_ids) if id in rows}

    def earlier(self, session, asked, typed):
        session.statement()
        users = {user_id for user_id, _key in asked}
        found = [
            (_confirmed(b), b.idempotency_key, b.fingerprint)
            for b in session.database.bookings.values()
            if b.idempotency_key is not None and (b.user_id, b.idempotency_key) in asked
        ]
        return users, found, [replace(one) for one in session.database.types.values() if typed]

    def seats_by_user(self, session, pairs):
        return {}

    def booked_together(self, session, references):
        session.statement()
        found = {}
        for booking in session.database.bookings.values():
            order = booking.order_reference
            if order in references and booking.reference != order:
                found.setdefault(order, []).append(_confirmed(booking))
        return found

    def insert_bookings(self, session, orders, prices, left, at, *, journal=False, taken=None):
        if not orders:
            return {}
        session.statement()
        rows = session.database.rows
        session.made = {order.reference: order for order in orders}
        session.taken = taken or {}
        session.changed = {
            id: rows[id]._replace(seats_available=seats, version=rows[id].version + 1)
            for id, seats in left.items()
        }
        return {order.reference: _confirmed(order) for order in orders}

    def confirmed_by_reference(self, session, references):
        session.statement()
        bookings = session.database.bookings
        return {r: _confirmed(bookings[r]) for r in references if r in bookings}


def _confirmed(order):
    return Confirmed(
        *(0, order.reference, order.user_id, order.event_id, order.seats, 0),
        ticket_type_id=order.ticket_type_id,
        order_reference=order.order_reference,
    )
