"""A shop in virtual time: the shipped desk, ledger and gate, in processes that come and go."""

from collections import deque
from contextlib import contextmanager

from greenlet import getcurrent

from app.booking import commit_recovery, ledger
from app.booking import desk as desk_module
from app.booking import gate as gate_module
from app.booking.desk import BookingDesk
from app.booking.gate import SeatGate
from app.booking.orders import Order
from app.errors import (
    NotEnoughSeats,
    OutcomeUnknown,
    TicketTypeSoldOut,
    UtsavamError,
    VoucherUsedUp,
)
from tests.simulation.database import Database, new_row, new_types, new_vouchers, wall_clock
from tests.simulation.redis_server import TIMEOUT, RedisClient, RedisServer
from tests.simulation.statements import Queries, Reservations, VoucherQueries
from tests.simulation.world import Clock, Process, World

EVENT = 1
SNAPSHOT_VALID_FOR = 1.0
A_MOMENT = 1e-6


class CooperativeTurns:
    """The desk's group commit, for tasks instead of threads."""

    def __init__(self, world, serve, max_batch=8):
        self._world, self._serve, self._max_batch = world, serve, max_batch
        self._waiting, self._leading = deque(), False

    def submit(self, order):
        ticket = {"order": order, "task": getcurrent()}
        self._waiting.append(ticket)
        if self._leading:
            self._world.wait()
        if "answer" not in ticket:
            self._lead()
        return ticket["answer"]

    def _lead(self):
        self._leading = True
        batch = [self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))]
        try:
            answers = self._serve([ticket["order"] for ticket in batch])
            for ticket, answer in zip(batch, answers, strict=True):
                ticket["answer"] = answer
        finally:
            self._leading = bool(self._waiting)
            for ticket in batch[1:]:
                self._world.wake(ticket["task"])
            if self._waiting:
                self._world.wake(self._waiting[0]["task"])


class Shop:
    """Some processes that sell one event, and the record of what buyers were told."""

    def __init__(self, seed, processes=2):
        self.world = World(seed)
        random = self.world.random
        self.capacity = random.randint(3, 25)
        self.has_types = random.random() < 0.5
        quotas = [None, random.randint(1, 8), random.randint(1, 8)] if self.has_types else []
        # A second or three, instead of a quarter of an hour.
        minutes = random.uniform(0.5, 3) / 60 if random.random() < 0.5 else None
        self.held = random.randint(1, 5) if random.random() < 0.5 else 0
        uses = [random.randint(1, 5), random.randint(1, 5)] if self.held else []
        row = new_row(EVENT, self.capacity + self.held, self.has_types, minutes, self.held)
        vouchers = new_vouchers(EVENT, uses, self.held)
        self.database = Database(self.world, [row], new_types(EVENT, quotas), vouchers)
        self.redis = RedisServer(self.world)
        self.desks = {}
        self._numbers = 0
        self.replays = {}
        """Idempotency key to the reference that was told for it."""
        self.refused = set()
        """References of orders whose buyers were told that nothing was booked."""
        for number in range(processes):
            self.start_process(number)

    def start_process(self, number):
        process = Process(self.world, number)
        gate = SeatGate(RedisClient(self.redis), int(TIMEOUT * 1000))
        desk = BookingDesk(gate)
        desk._commits = CooperativeTurns(self.world, desk.settle)
        self.desks[number] = (process, desk)

    def kill(self, number):
        self.desks[number][0].dead = True
        self.world.call(self.world.now + 0.5, lambda: self.start_process(number))

    def new_order(self, seats=1, key=None, items=(), code=None):
        """For seats of the default ticket type, or of the types in `items`."""
        self._numbers += 1
        reference = f"R{self._numbers}"
        seats = sum(item.seats for item in items) or seats
        wish = key and f"{seats} {items} {code}"
        return Order(1, EVENT, seats, key, wish, reference, items=items, code=code)

    def book(self, number, order, heard):
        """Send an order to a process; `heard` gets the answer, if one ever comes."""
        process, desk = self.desks[number]
        asked, stalled = self.world.now, process.stalled

        def work():
            try:
                answer = desk.book(order)
            except UtsavamError as error:
                answer = error
            # Nobody can say for a process that stands still how old its news are.
            self._check(order, answer, asked, SNAPSHOT_VALID_FOR + process.stalled - stalled)
            heard(answer)

        self.world.spawn(work, process)

    def write(self, number, change):
        """Lock the row, change it and its bookings, commit, publish: as cancellations do."""
        process, desk = self.desks[number]

        def work():
            started = self.world.clock()
            try:
                with self.database.session() as session:
                    row = ledger.queries.lock_rows(session, [EVENT])[EVENT]
                    row = change(session, row)
                    if row is None:
                        return
                    session.changed = {EVENT: row._replace(version=row.version + 1)}
                    session.commit()
            except desk_module.DBAPIError:
                return
            row = session.changed[EVENT]
            snapshot = ledger.snapshot_of(row, started)
            desk.gate.publish([snapshot])

        self.world.spawn(work, process)

    def pay(self, number, reference):
        """Mark a reservation as paid; who is told so has the seats, or is given the money back."""
        process, _desk = self.desks[number]

        def work():
            try:
                with self.database.session() as session:
                    if Reservations().confirm(session, reference):
                        session.commit()
            except desk_module.DBAPIError:
                return

        self.world.spawn(work, process)

    def _check(self, order, answer, asked, believed_for):
        """An answer must agree with the truth."""
        if isinstance(answer, NotEnoughSeats):
            earliest = min(asked, self.world.now - believed_for) - A_MOMENT
            history = self._history_of(order, answer)
            assert had_fewer(history, answer.asked, earliest), (
                f"at {self.world.now:.3f} {answer.asked} seats were refused, and were there "
                f"since {earliest:.3f}"
            )
        if isinstance(answer, VoucherUsedUp):
            history = self.database.uses_left[self._voucher_of(order).id]
            assert had_fewer(history, 1, asked - A_MOMENT), (
                f"at {self.world.now:.3f} a code was refused as used up, and was not"
            )
        if isinstance(answer, UtsavamError):
            if not isinstance(answer, OutcomeUnknown):
                self.refused.add(order.reference)
            return
        told = answer.booking.reference
        assert told in self.database.bookings, "told, and not booked"
        if order.idempotency_key:
            earlier = self.replays.setdefault(order.idempotency_key, told)
            assert earlier == told, "one key, two bookings"

    def _history_of(self, order, answer):
        """What was left of that which the order is told to lack."""
        if isinstance(answer, TicketTypeSoldOut):
            return self.database.left_of_type[answer.ticket_type_id]
        voucher = self._voucher_of(order)
        if voucher and voucher.hold_id:
            return self.database.hold_left[voucher.id]
        return self.database.history[EVENT]

    def _voucher_of(self, order):
        known = self.database.vouchers.values()
        return next((one for one in known if one.code_key == order.code), None)


def had_fewer(history, seats, since):
    """Whether at some moment since then fewer seats were left."""
    left = [count for at, count in history if at > since]
    before = [count for at, count in history if at <= since]
    return any(count < seats for count in [*before[-1:], *left])


@contextmanager
def in_virtual_time(monkeypatch, shop):
    """The booking modules' clock, database and statements are the shop's."""
    with monkeypatch.context() as patch:
        clock = Clock(shop.world)
        for module in (gate_module, desk_module, ledger, commit_recovery):
            patch.setattr(module, "time", clock)
        for module in (ledger, commit_recovery):
            patch.setattr(module, "ledger_session", shop.database.session)
            patch.setattr(module, "queries", Queries())
        patch.setattr(ledger, "reservations", Reservations())
        patch.setattr(ledger, "voucher_queries", VoucherQueries())
        patch.setattr(ledger, "now", lambda: wall_clock(shop.world))
        yield
