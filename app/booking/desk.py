"""The booking desk: where orders and cancellations come in, gate and ledger behind it.

Concurrent orders of a process are settled in one transaction a turn (see `turns`); alone, an
order is a batch of one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

from app.booking import ledger
from app.booking.gate import SeatGate
from app.booking.orders import Booked, Look, Order, Outcome
from app.booking.pulse import BOOKED, BUSY, CHANGED, FAILED, REFUSED, REPLAYED, SOLD_OUT, Pulse
from app.booking.seat_changes import SeatChanges
from app.booking.turns import Full, Turns, Unanswered
from app.db import transaction
from app.errors import (
    Busy,
    DatabaseDown,
    EventNotFound,
    NotEnoughSeats,
    OutcomeUnknown,
    Unavailable,
    UtsavamError,
)
from app.models import Event

if TYPE_CHECKING:
    from app.metrics import Meter

MOST_ORDERS = 100
"""Orders in one transaction: enough to share a commit, few enough to be quick."""
ROOM = 1_000
"""Orders that may wait in one process, about half a second's work; more are told to come back."""
PATIENCE = 7.0
"""Seconds that an order waits at most; a request has ten."""
AT_ONCE = 0.25
"""Seconds within which a closed connection shows itself; a server that is silent takes longer."""
TURN = 4.0
"""Seconds after which a turn that goes badly tries no further parts of itself."""

log = logging.getLogger(__name__)


class BookingDesk:
    """One per process, for all its threads."""

    def __init__(self, gate: SeatGate, room: int = ROOM) -> None:
        self.gate = gate
        self.pulse: Pulse | None = None
        """Told of each answer, where somebody may want to watch."""
        self.meter: Meter | None = None
        """Counts, where metrics are wanted."""
        self._turns: Turns[Order, Outcome] = Turns(
            self._take_turn, most=MOST_ORDERS, room=room, patience=PATIENCE
        )

    @property
    def waiting(self) -> int:
        """How many orders wait for their turn."""
        return self._turns.waiting

    def book(self, order: Order) -> Booked:
        """Book one order; raises the `UtsavamError` that says why it can't be."""
        try:
            booked = self._book(order)
        except Exception as error:
            self._note(order, _kind_of(error))
            raise
        self._note(order, REPLAYED if booked.replayed else BOOKED)
        return booked

    def _note(self, order: Order, kind: str | None) -> None:
        if self.meter:
            self.meter.outcome(kind or "no_event")
        if self.pulse and kind:
            self.pulse.note(order.event_id, kind, order.seats if kind == BOOKED else 0)

    def _book(self, order: Order) -> Booked:
        if look := self.gate.refuses_at_once(order):
            raise NotEnoughSeats(look.event_id, order.seats, look.seats)
        try:
            outcome = self._turns.take(order)
        except Full:
            raise Busy from None
        except Unanswered:
            raise OutcomeUnknown from None
        if isinstance(outcome, UtsavamError):
            raise outcome
        return outcome

    def _take_turn(self, orders: Sequence[Order]) -> list[Outcome]:
        if self.meter is None:
            return self.settle(orders)
        with self.meter.turn(len(orders)):
            return self.settle(orders)

    def settle(self, orders: Sequence[Order]) -> list[Outcome]:
        """Answer every order: by the gate where that is enough, else by the ledger."""
        give_up = time.monotonic() + TURN
        answers: dict[int, Outcome] = {}
        verdicts = self.gate.claim(orders)
        if self.meter:
            self.meter.verdicts(verdicts)
        looks = [self.gate.refuses(o, v) for o, v in zip(orders, verdicts, strict=True)]
        while waiting := [i for i in range(len(orders)) if i not in answers and not looks[i]]:
            outcomes = self._record([orders[i] for i in waiting], give_up)
            answers.update(zip(waiting, outcomes, strict=True))
            # That took its time: a look that is too old by now refuses nobody.
            for i in range(len(orders)):
                looks[i] = looks[i] and self.gate.refuses(orders[i], verdicts[i])
        for i, look in enumerate(looks):
            if look:
                answers[i] = NotEnoughSeats(look.event_id, orders[i].seats, look.seats)
        return [answers[i] for i in range(len(orders))]

    @contextmanager
    def changing(self, *event_ids: int) -> Iterator[SeatChanges]:
        """One transaction in which these events' rows are locked: the one way to change an event
        or its seats, but for orders. After its commit the gate is told what the rows say.

        Raises what `transaction` raises; an event that there is not is missing among the locked.
        """
        started = time.monotonic()  # before the lock: what the rows say then is at least as new
        with transaction() as session:
            changes = SeatChanges(session)
            if event_ids:
                changes.lock(event_ids)
            yield changes
            changed = {event.id for event in changes.changed()}
            changes_facts = changes.changes_facts
            changes.finish()
        self._publish(changes.all_events, started, changed=changes_facts)
        if self.pulse:
            for event_id in changed:
                self.pulse.note(event_id, CHANGED)

    def _publish(self, events: Sequence[Event], started: float, *, changed: bool) -> None:
        looks = [ledger.look_at(event, started) for event in events]
        # Of a deleted event there is nothing to sell, whatever its row says.
        gone = {event.id for event in events if event.deleted_at}
        looks = [replace(look, seats=0) if look.event_id in gone else look for look in looks]
        if looks:
            self.gate.publish(looks, changed=changed)

    def _record(self, orders: Sequence[Order], give_up: float) -> list[Outcome]:
        """Record the orders together; what stands in the way of all is parted from the others."""
        if time.monotonic() >= give_up:
            return [Busy() for _ in orders]
        try:
            outcomes, looks = self._record_once_connected(orders)
        except (DBAPIError, TimeoutError) as error:
            return self._record_apart(orders, error, give_up)
        self.gate.publish(looks)
        return outcomes

    def _record_once_connected(self, orders: Sequence[Order]) -> tuple[list[Outcome], list[Look]]:
        """A connection that the server has closed since its last use, or that was opened while the
        server was read-only, fails at once, before any work is done: the turn is tried once more,
        on a new one."""
        started = time.monotonic()
        locked = self.meter.locked if self.meter else None
        try:
            return ledger.record(orders, locked)
        except DBAPIError as error:
            if not error.connection_invalidated or time.monotonic() - started > AT_ONCE:
                raise
            return ledger.record(orders, locked)

    def _record_apart(
        self, orders: Sequence[Order], error: DBAPIError | TimeoutError, give_up: float
    ) -> list[Outcome]:
        if isinstance(getattr(error, "orig", None), LockNotAvailable):
            if self.meter:
                self.meter.lock_timeout()
            # Somebody else holds one of the rows; the other events' orders must not wait for it.
            if len({order.event_id for order in orders}) == 1:
                return [Busy() for _ in orders]
            return self._in_parts(orders, lambda order: order.event_id, give_up)
        if isinstance(error, OperationalError | TimeoutError) or error.connection_invalidated:
            log.error("The database did not answer: %s", type(error).__name__)
            return [DatabaseDown() for _ in orders]
        # Two turns met in one idempotency key, or one order is more than the database takes.
        # By itself, an order finds the other turn's booking, or fails alone.
        if len(orders) == 1:
            return [self._once_more(orders[0])]
        return self._in_parts(orders, lambda order: order.reference, give_up)

    def _in_parts(
        self, orders: Sequence[Order], part_of: Callable[[Order], object], give_up: float
    ) -> list[Outcome]:
        parts: dict[object, list[Order]] = {}
        for order in orders:
            parts.setdefault(part_of(order), []).append(order)
        answers = {
            order.reference: outcome
            for part in parts.values()
            for order, outcome in zip(part, self._record(part, give_up), strict=True)
        }
        return [answers[order.reference] for order in orders]

    def _once_more(self, order: Order) -> Outcome:
        try:
            (outcome,), looks = ledger.record([order])
        except (DBAPIError, TimeoutError):
            log.exception("An order could not be recorded")
            return DatabaseDown()
        self.gate.publish(looks)
        return outcome


def _kind_of(error: Exception) -> str | None:
    """What a refusal counts as; nothing for events that there are not."""
    if isinstance(error, EventNotFound):
        return None
    if isinstance(error, NotEnoughSeats):
        return SOLD_OUT
    if isinstance(error, Busy):
        return BUSY
    if isinstance(error, UtsavamError) and not isinstance(error, Unavailable):
        return REFUSED
    return FAILED
