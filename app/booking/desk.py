"""The booking desk: where orders and cancellations come in, gate and ledger behind it.

Concurrent orders of a process are settled in one transaction a turn (see `turns`); alone, an
order is a batch of one.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.orm import Session

from app.booking import ledger
from app.booking.gate import SeatGate
from app.booking.orders import Booked, Order, Outcome
from app.booking.turns import Full, Turns, Unanswered
from app.errors import Busy, DatabaseDown, NotEnoughSeats, OutcomeUnknown, UtsavamError
from app.models import Event

MOST_ORDERS = 100
"""Orders in one transaction: enough to share a commit, few enough to be quick."""
ROOM = 1_000
"""Orders that may wait in one process, about half a second's work; more are told to come back."""
PATIENCE = 7.0
"""Seconds that an order waits at most; a request has ten."""


class BookingDesk:
    """One per process, for all its threads."""

    def __init__(self, gate: SeatGate) -> None:
        self.gate = gate
        self._turns: Turns[Order, Outcome] = Turns(
            self.settle, most=MOST_ORDERS, room=ROOM, patience=PATIENCE
        )

    def book(self, order: Order) -> Booked:
        """Book one order; raises the `UtsavamError` that says why it can't be."""
        try:
            outcome = self._turns.take(order)
        except Full:
            raise Busy from None
        except Unanswered:
            raise OutcomeUnknown from None
        if isinstance(outcome, UtsavamError):
            raise outcome
        return outcome

    def settle(self, orders: Sequence[Order]) -> list[Outcome]:
        """Answer every order: by the gate where that is enough, else by the ledger."""
        answers: dict[int, Outcome] = {}
        for i, verdict in enumerate(self.gate.claim(orders)):
            if look := self.gate.refuses(orders[i], verdict):
                answers[i] = NotEnoughSeats(look.event_id, orders[i].seats, look.seats)
        waiting = [i for i in range(len(orders)) if i not in answers]
        if waiting:
            outcomes = self._record([orders[i] for i in waiting])
            answers.update(zip(waiting, outcomes, strict=True))
        return [answers[i] for i in range(len(orders))]

    def publish(self, events: Sequence[Event], started: float) -> None:
        """Tell the gate what a committed writer of seats left; `started` was before its lock."""
        self.gate.publish(ledger.look_at(event, started) for event in events)

    def close_gate(self, event: Event, started: float) -> None:
        """Tell the gate that a committed change left nothing of this event to sell."""
        look = ledger.look_at(event, started)
        self.gate.publish([replace(look, seats=0)])

    def _record(self, orders: Sequence[Order]) -> list[Outcome]:
        try:
            outcomes, looks = ledger.record(orders)
        except IntegrityError:
            # Two batches met in one idempotency key. One order by itself settles it: the other
            # batch has committed by now, so that its booking is found.
            return [self._record_alone(order) for order in orders]
        except (DBAPIError, TimeoutError):
            if len(orders) > 1:
                return [self._record_alone(order) for order in orders]
            return [DatabaseDown()]
        self.gate.publish(looks)
        return outcomes

    def _record_alone(self, order: Order) -> Outcome:
        try:
            (outcome,), looks = ledger.record([order])
        except IntegrityError:
            (outcome,), looks = ledger.record([order])
        except (DBAPIError, TimeoutError):
            return DatabaseDown()
        self.gate.publish(looks)
        return outcome


def started_now() -> float:
    """The moment to hand to `publish`: to be taken before the rows are locked."""
    return time.monotonic()


def lock_event(session: Session, event_id: int) -> Event | None:
    """The event's row, locked for a writer of seats; None when there is no such event."""
    return ledger.lock_events(session, [event_id]).get(event_id)
