"""A database in virtual time: rows with locks, transactions, and commits whose answers get lost."""

from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.booking import reservations
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
    "sales_paused max_per_person price_minor currency has_types payment_minutes next_expiry_at "
    "capacity",
)
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
"""Of virtual time, by the clock on the wall."""


def wall_clock(world):
    return BEGIN + timedelta(seconds=world.now)


def ends_at(reservation):
    """When it ends, in virtual time."""
    return (reservation.reserved_until - BEGIN).total_seconds()


def new_row(id, capacity, has_types, payment_minutes):
    """The row of an event; with `payment_minutes`, its seats cost something."""
    price = 100 if payment_minutes else 0
    facts = ["published", BEGIN + timedelta(days=1), *[None] * 3, False, None, price, "INR"]
    return Row(id, capacity, 1, 77, *facts, has_types, payment_minutes, None, capacity)


def new_types(event_id, quotas):
    """Ticket types by id, the first of them the default one; a quota of None is the capacity."""
    plain = {"price_minor": 100, "taken": 0, "sales_open_at": None, "sales_close_at": None}
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
            assert row.seats_available + self.sold(row.id) == row.capacity, "seats don't add up"
            self.rows[row.id] = row
        for id, taken in session.taken.items():
            self.types[id] = replace(self.types[id], taken=taken)
            if (quota := self.types[id].quota) is not None:
                assert taken <= quota, "more than the quota"
        for id, one in self.types.items():
            assert one.taken == self.sold_of_type(id), "types don't add up"
        self.note()

    def note(self):
        """Remember what can be bought from now on, also of seats whose time to be paid is over."""
        due = self.due()
        for row in self.rows.values():
            left = row.seats_available + sum(b.seats for b in due if b.event_id == row.id)
            self.history[row.id].append((self.world.now, left))
        for id, told in self.left_of_type.items():
            back = sum(b.seats for b in due if b.ticket_type_id == id)
            told.append((self.world.now, self.types[id].quota - self.types[id].taken + back))

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
        rows = session.database.rows | session.changed
        return {id: rows[id] for id in sorted(event_ids) if id in rows}

    def earlier(self, session, asked, typed):
        session.statement()
        users = {user_id for user_id, _key in asked}
        found = [
            (_confirmed(b), b.idempotency_key, b.fingerprint)
            for b in session.database.bookings.values()
            if b.idempotency_key is not None and (b.user_id, b.idempotency_key) in asked
        ]
        types = session.database.types.values() if typed else ()
        return (
            users,
            found,
            [replace(one, taken=session.taken.get(one.id, one.taken)) for one in types],
        )

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
        rows = session.database.rows | session.changed
        session.made = {order.reference: order for order in orders}
        session.taken |= taken or {}
        for id, seats in left.items():
            ends = [o.reserved_until for o in orders if o.event_id == id and o.reserved_until]
            ends += [rows[id].next_expiry_at] if rows[id].next_expiry_at else []
            session.changed[id] = rows[id]._replace(
                seats_available=seats,
                version=rows[id].version + 1,
                next_expiry_at=min(ends, default=None),
            )
        return {order.reference: _confirmed(order) for order in orders}

    def confirmed_by_reference(self, session, references):
        session.statement()
        bookings = session.database.bookings
        return {r: _confirmed(bookings[r]) for r in references if r in bookings}


class Reservations:
    """Stands where the ledger says `reservations`, and for whoever marks them as paid."""

    reserved = staticmethod(reservations.reserved)

    def expire(self, session, event_ids, at, *, journal):
        session.statement()
        database = session.database
        for id in event_ids:
            due = [b for b in database.unpaid() if b.event_id == id and b.reserved_until <= at]
            for booking in due:
                database.lock(session, booking.reference)
            # Looked at again after the wait.
            waiting = {b.reference for b in database.unpaid()}
            due = [b for b in due if b.reference in waiting]
            ended = {b.reference for b in due}
            session.expired |= ended
            for booking in due:
                if kind := booking.ticket_type_id:
                    taken = session.taken.get(kind, database.types[kind].taken)
                    session.taken[kind] = taken - booking.seats
            rest = [b.reserved_until for b in database.unpaid() if b.reference not in ended]
            row = database.rows[id]
            session.changed[id] = row._replace(
                seats_available=row.seats_available + sum(b.seats for b in due),
                version=row.version + 1,
                next_expiry_at=min(rest, default=None),
            )

    def confirm(self, session, reference):
        """Whether it was still waiting for its payment."""
        session.statement()
        session.database.lock(session, reference)
        if reference not in {b.reference for b in session.database.unpaid()}:
            return False
        session.statement()
        session.paid = {reference}
        return True


def _confirmed(order):
    return Confirmed(
        *(0, order.reference, order.user_id, order.event_id, order.seats, 0),
        ticket_type_id=order.ticket_type_id,
        order_reference=order.order_reference,
        reserved_until=order.reserved_until,
    )
