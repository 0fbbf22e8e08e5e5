"""The booking desk: the entry point for orders and cancellations, in front of gate and ledger.

Concurrent orders in a process share one transaction per batch (see `group_commit`); a lone order
is a batch of one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg.errors import LockNotAvailable, NotNullViolation
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

from app.booking import ledger
from app.booking.connections import was_ended
from app.booking.gate import SeatGate
from app.booking.group_commit import GroupCommit, QueueFull, ResultUnknown
from app.booking.live_stats import (
    BOOKED,
    BUSY,
    CHANGED,
    FAILED,
    REFUSED,
    REPLAYED,
    SOLD_OUT,
    LiveStats,
)
from app.booking.orders import Booked, Order, Outcome, SeatSnapshot
from app.booking.seat_changes import SeatChanges
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
from app.lib.timings import Timings
from app.models import Event

if TYPE_CHECKING:
    from app.metrics import Metrics

MAX_BATCH = 100
"""Maximum orders per transaction: enough to share a commit, few enough to keep it short."""
MAX_QUEUE = 1_000
"""Maximum orders queued per process, about half a second of work; further orders get `Busy`."""
TIMEOUT = 7.0
"""Maximum seconds that an order waits; a request may take ten."""
RETRY_WITHIN = 0.25
"""Seconds within which a closed connection fails; an unresponsive server takes longer."""
BATCH_DEADLINE = 4.0
"""Seconds after which a batch that was split because of an error tries no further parts."""

log = logging.getLogger(__name__)


class BookingDesk:
    """One per process, for all its threads."""

    def __init__(self, gate: SeatGate, max_queue: int = MAX_QUEUE) -> None:
        self.gate = gate
        self.live_stats: LiveStats | None = None
        """Receives each outcome; None where live stats are not wanted."""
        self.metrics: Metrics | None = None
        """None where metrics are not enabled."""
        self.timings: Timings | None = None
        """Times orders; None where no waiting room asks how long they take."""
        self.keeps_journal = False
        """Whether each transaction notes its bookings for whoever tells people of them."""
        self._commits: GroupCommit[Order, Outcome] = GroupCommit(
            self._settle_batch, max_batch=MAX_BATCH, max_queue=max_queue, timeout=TIMEOUT
        )

    @property
    def waiting(self) -> int:
        """Number of queued orders."""
        return self._commits.waiting

    def book(self, order: Order) -> Booked:
        """Book one order and return its booking.

        Raises the `UtsavamError` that says why it cannot be booked.
        """
        return self.counted(order.event_id, order.seats, lambda: self._timed(order))

    def counted(self, event_id: int, seats: int, book: Callable[[], Booked]) -> Booked:
        """Return what `book` books, and count how it came out: in metrics and live stats."""
        try:
            booked = book()
        except Exception as error:
            self._note(event_id, _kind_of(error))
            raise
        self._note(event_id, REPLAYED if booked.replayed else BOOKED, seats)
        return booked

    def _note(self, event_id: int, kind: str | None, seats: int = 0) -> None:
        if self.metrics:
            self.metrics.outcome(kind or "no_event")
        if self.live_stats and kind:
            self.live_stats.note(event_id, kind, seats if kind == BOOKED else 0)

    def _timed(self, order: Order) -> Booked:
        timings = self.timings
        if timings is None:
            return self._book(order)
        token = timings.begin(order.event_id)
        try:
            return self._book(order)
        except Busy:
            # At once, but whoever comes again has waited for it.
            timings.note(order.event_id, TIMEOUT)
            raise
        finally:
            timings.end(token)

    def _book(self, order: Order) -> Booked:
        if snapshot := self.gate.refuses_at_once(order):
            raise NotEnoughSeats(snapshot.event_id, order.seats, snapshot.seats)
        if refusal := self.gate.refuses_type_at_once(order):
            raise refusal
        try:
            outcome = self._commits.submit(order)
        except QueueFull:
            raise Busy from None
        except ResultUnknown:
            raise OutcomeUnknown from None
        if isinstance(outcome, UtsavamError):
            raise outcome
        return outcome

    def _settle_batch(self, orders: Sequence[Order]) -> list[Outcome]:
        if self.metrics is None:
            return self.settle(orders)
        with self.metrics.batch(len(orders)):
            return self.settle(orders)

    def settle(self, orders: Sequence[Order]) -> list[Outcome]:
        """Return an outcome per order, from the gate where that suffices, else from the ledger."""
        give_up = time.monotonic() + BATCH_DEADLINE
        answers: dict[int, Outcome] = {}
        verdicts = self.gate.claim(orders)
        if self.metrics:
            self.metrics.verdicts(verdicts)
        snapshots = [self.gate.refuses(o, v) for o, v in zip(orders, verdicts, strict=True)]
        while waiting := [i for i in range(len(orders)) if i not in answers and not snapshots[i]]:
            outcomes = self._record([orders[i] for i in waiting], give_up)
            answers.update(zip(waiting, outcomes, strict=True))
            # Recording took time: a snapshot that has expired meanwhile may refuse nothing.
            for i in range(len(orders)):
                snapshots[i] = snapshots[i] and self.gate.refuses(orders[i], verdicts[i])
        for i, snapshot in enumerate(snapshots):
            if snapshot:
                answers[i] = NotEnoughSeats(snapshot.event_id, orders[i].seats, snapshot.seats)
        return [answers[i] for i in range(len(orders))]

    @contextmanager
    def changing(self, *event_ids: int) -> Iterator[SeatChanges]:
        """Open a transaction that locks these events' rows, and publish their seats afterwards.

        Apart from orders, this is the only way to change an event or its seats. Events that do not
        exist are missing from the locked ones. Raises whatever `transaction` raises.
        """
        # Taken before the lock, so that a snapshot is at least as recent as its timestamp.
        started = time.monotonic()
        with transaction() as session:
            changes = SeatChanges(session, journal=self.keeps_journal)
            if event_ids:
                changes.lock(event_ids)
            yield changes
            changed = {event.id for event in changes.changed()}
            changes_facts = changes.changes_facts
            changes.finish()
        self._publish(changes.all_events, started, changed=changes_facts)
        if self.live_stats:
            for event_id in changed:
                self.live_stats.note(event_id, CHANGED)

    def _publish(self, events: Sequence[Event], started: float, *, changed: bool) -> None:
        snapshots = [ledger.snapshot_of(event, started) for event in events]
        # A deleted event has nothing to sell, whatever its counter says.
        gone = {event.id for event in events if event.deleted_at}
        snapshots = [
            replace(snapshot, seats=0) if snapshot.event_id in gone else snapshot
            for snapshot in snapshots
        ]
        if snapshots:
            self.gate.publish(snapshots, changed=changed)

    def _record(self, orders: Sequence[Order], give_up: float) -> list[Outcome]:
        """Record the orders in one transaction; after an error, record them in smaller parts."""
        if time.monotonic() >= give_up:
            return [Busy() for _ in orders]
        try:
            outcomes, snapshots = self._record_with_retry(orders)
        except (DBAPIError, TimeoutError) as error:
            return self._record_after_error(orders, error, give_up)
        self.gate.publish(snapshots)
        return outcomes

    def _record_with_retry(
        self, orders: Sequence[Order]
    ) -> tuple[list[Outcome], list[SeatSnapshot]]:
        """Record the orders, with one retry.

        A connection that the server has closed since its last use, or that was opened while the
        server was read-only, fails immediately, before any work is done. A transaction that the
        server ended for idling committed nothing. A guest whom another process has recorded at the
        same moment is known the second time.
        """
        started = time.monotonic()
        locked = self.metrics.locked if self.metrics else None
        try:
            return ledger.record(orders, locked, journal=self.keeps_journal)
        except DBAPIError as error:
            if not _is_worth_a_retry(error, time.monotonic() - started):
                raise
            return ledger.record(orders, locked, journal=self.keeps_journal)

    def _record_after_error(
        self, orders: Sequence[Order], error: DBAPIError | TimeoutError, give_up: float
    ) -> list[Outcome]:
        if isinstance(getattr(error, "orig", None), LockNotAvailable):
            if self.metrics:
                self.metrics.lock_timeout()
            # Another transaction holds one of the rows; orders for other events must not wait.
            if len({order.event_id for order in orders}) == 1:
                return [Busy() for _ in orders]
            return self._record_in_parts(orders, lambda order: order.event_id, give_up)
        if isinstance(error, OperationalError | TimeoutError) or error.connection_invalidated:
            sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
            log.error("The database did not answer: %s %s", type(error).__name__, sqlstate or "")
            return [DatabaseDown() for _ in orders]
        # Two batches used the same idempotency key, or the database rejects one of the orders.
        # Alone, an order finds the other batch's booking, or fails without the others.
        if len(orders) == 1:
            return [self._record_alone(orders[0])]
        return self._record_in_parts(orders, lambda order: order.reference, give_up)

    def _record_in_parts(
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

    def _record_alone(self, order: Order) -> Outcome:
        try:
            (outcome,), snapshots = ledger.record([order], journal=self.keeps_journal)
        except (DBAPIError, TimeoutError):
            log.exception("An order could not be recorded")
            return DatabaseDown()
        self.gate.publish(snapshots)
        return outcome


def _is_worth_a_retry(error: DBAPIError, seconds: float) -> bool:
    if isinstance(error.orig, NotNullViolation) or was_ended(error):
        return True
    return error.connection_invalidated and seconds <= RETRY_WITHIN


def _kind_of(error: Exception) -> str | None:
    """Classify an error for live stats and metrics; None when the event does not exist."""
    if isinstance(error, EventNotFound):
        return None
    if isinstance(error, NotEnoughSeats):
        return SOLD_OUT
    if isinstance(error, Busy):
        return BUSY
    if isinstance(error, UtsavamError) and not isinstance(error, Unavailable):
        return REFUSED
    return FAILED
