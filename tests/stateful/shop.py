"""The real shop, with three workers: each a desk and a gate of its own, as processes have them."""

from datetime import timedelta
from itertools import count

import redis

from app.booking import late_payments, reservations
from app.booking.desk import BookingDesk
from app.booking.gate import SeatGate
from app.booking.issues import Issue
from app.booking.orders import Item, Order
from app.booking.redis_client import connect
from app.db import transaction
from app.demo.servers import free_port
from app.errors import UtsavamError
from app.models.columns import now
from app.services import (
    bookings,
    events,
    gifts,
    holds,
    issues,
    ticket_types,
    voucher_making,
    vouchers,
)
from app.services.reservations import expire

WORKERS = (0, 1, 2)
CUT_OFF = 2
"""The worker that never reaches Redis: nobody hears there of what it sells and gives back."""
EVENTS = "SELECT id, capacity, seats_available, seats_held, deleted_at IS NOT NULL FROM events"
BOOKINGS = (
    "SELECT id, user_id, event_id, seats, idempotency_key, status = 'CONFIRMED' FROM bookings"
    " WHERE part_of IS NULL"
)
HOLDS = "SELECT id, event_id, seats_left FROM holds"
PATIENCE_MS = 1000


def answer_of(call, *args, **facts):
    """What it returns, or the domain's error; any other error breaks the test."""
    try:
        return call(*args, **facts)
    except UtsavamError as error:
        return error


class Shop:
    def __init__(self, app, sql, factories, server):
        self._app, self._factories, self._server = app, factories, server
        self.sql = sql
        self._url, self._nowhere = server.start(), f"redis://127.0.0.1:{free_port()}/0"
        self._clients, self._desks, self._emails = {}, {}, {}
        self._names = (f"Hold {number}" for number in count(1))

    def open_anew(self):
        """No events, no bookings, an empty Redis and workers that have seen nothing."""
        self.sql("TRUNCATE bookings, events CASCADE")
        self.flush_redis()
        for worker in WORKERS:
            self.restart_worker(worker)

    def close(self):
        for client in self._clients.values():
            client.close()
        self._server.stop()

    def new_user(self):
        user = self._factories.user()
        self._emails[user.id] = user.email
        return user.id

    def create_event(self, worker, capacity, limit, **more):
        facts = {"name": "Kolam", "start_at": now() + timedelta(days=9), "max_per_person": limit}
        facts |= more
        return self._serve(events.create_event, {**facts, "capacity": capacity}, worker).id

    def book(self, worker, wish):
        facts = {"user_id": wish.user, "event_id": wish.event, "seats": wish.seats}
        desk = self._desks[worker]
        return self._in_app(bookings.book, desk, idempotency_key=wish.key, **facts)

    def book_together(self, worker, wishes):
        """Wishes without keys, in one turn of the desk."""
        orders = [Order(wish.user, wish.event, wish.seats) for wish in wishes]
        return self._in_app(self._desks[worker].settle, orders)

    def add_types(self, event, quotas, **more):
        """Types beside the default one, by their quotas; the ids of all by name."""
        for name, quota in quotas.items():
            facts = {"name": name, "quota": quota, **more}
            add = ticket_types.add_type
            self._in_app(add, event, facts, self._desks[0], default_name="General")
        return dict(self.sql("SELECT name, id FROM ticket_types WHERE event_id = %s", event))

    def change_type(self, worker, event, ticket_type, facts):
        return self._in_app(
            ticket_types.change_type, event, ticket_type, facts, self._desks[worker]
        )

    def add_voucher(self, event, facts):
        made = self._in_app(voucher_making.add_voucher, event, facts, self._desks[0])
        return made.vouchers[0]

    def change_voucher(self, worker, event, voucher, facts):
        return self._in_app(vouchers.change_voucher, event, voucher, facts, self._desks[worker])

    def give_to_a_friend(self, worker, booking):
        return self._in_app(gifts.give, self._desks[worker], booking)

    def order(self, worker, user, event, items, key, code=None):
        facts = {"user_id": user, "event_id": event, "seats": sum(seats for _id, seats in items)}
        facts |= {"items": [Item(*item) for item in items], "code": code}
        return self._in_app(bookings.book, self._desks[worker], **facts, idempotency_key=key)

    def reserve(self, worker, user, event, seats):
        facts = {"user_id": user, "event_id": event, "seats": seats}
        return self._in_app(bookings.book, self._desks[worker], **facts)

    def pay(self, booking):
        def work():
            with transaction() as session:
                return reservations.confirm(session, [booking], now())

        return self._in_app(work)

    def pay_late(self, worker, event, *bookings):
        def work():
            with self._desks[worker].changing(event) as changes:
                locked = changes.event(event)
                return late_payments.take_anew(changes.session, locked, bookings, now())

        return self._in_app(work)

    def end(self, worker, event):
        return self._in_app(expire, event, self._desks[worker])

    def cancel(self, worker, booking):
        return self._in_app(bookings.cancel, self._desks[worker], booking)

    def give_back(self, worker, booking, keep):
        return self._in_app(bookings.cancel, self._desks[worker], booking, keep=keep)

    def resize(self, worker, event, capacity):
        desk = self._desks[worker]
        return self._in_app(events.update_event, event, {"capacity": capacity}, desk)

    def hold(self, worker, event, seats):
        desk = self._desks[worker]
        return self._in_app(events.update_event, event, {"seats_held": seats}, desk)

    def add_hold(self, worker, event, seats, from_held):
        name, desk = next(self._names), self._desks[worker]
        return self._in_app(holds.add_hold, event, name, seats, desk, from_held=from_held)

    def resize_hold(self, worker, hold, seats):
        return self._in_app(holds.change_hold, *hold, self._desks[worker], seats=seats)

    def release_hold(self, worker, hold):
        return self._in_app(holds.release_hold, *hold, self._desks[worker])

    def issue(self, worker, wish):
        wanted = Issue(
            self._emails[wish.user],
            "Asha",
            wish.seats,
            issued_for="The band",
            hold_id=wish.hold,
            from_held=wish.from_held,
            past_limit=wish.past_limit,
            idempotency_key=wish.key,
        )
        return self._in_app(issues.issue, self._desks[worker], wish.event, wanted)

    def delete(self, worker, event, force):
        return self._in_app(events.delete_event, event, self._desks[worker], force=force)

    def restart_worker(self, worker):
        if worker in self._clients:
            self._clients[worker].close()
        url = self._nowhere if worker == CUT_OFF else self._url
        self._clients[worker] = connect(url, PATIENCE_MS)
        self._desks[worker] = BookingDesk(SeatGate(self._clients[worker], PATIENCE_MS))

    def restart_redis(self):
        self._server.stop()
        self._server.start()

    def flush_redis(self):
        with self.redis() as client:
            client.flushall()

    def set_in_redis(self, key, value):
        with self.redis() as client:
            client.set(key, value)

    def redis(self):
        return redis.Redis.from_url(self._url, decode_responses=True)

    def rows(self):
        return tuple(set(self.sql(query)) for query in (EVENTS, BOOKINGS, HOLDS))

    def _in_app(self, call, *args, **facts):
        with self._app.app_context():
            return answer_of(call, *args, **facts)

    def _serve(self, call, facts, worker):
        return self._in_app(call, facts, self._desks[worker])
