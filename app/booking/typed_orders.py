"""Orders of an event that has ticket types, as the ledger decides them under the event's lock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.booking.orders import Confirmed, Order
from app.booking.voucher_orders import VoucherRow, refusal_by_type
from app.errors import (
    InvalidField,
    TicketTypeNotFound,
    TicketTypeNotOnSale,
    TicketTypeSoldOut,
    UtsavamError,
)
from app.models.references import new_reference
from app.models.ticket_type import TypeState, left_of, type_state

SELLABLE = {TypeState.OPEN, TypeState.SOLD_OUT}
SELLABLE_OF_A_HOLD = SELLABLE | {TypeState.NOT_OPEN}


@dataclass(slots=True)
class TypeRow:
    """A ticket type as the ledger read it under the lock; `taken` grows with each order."""

    id: int
    event_id: int
    name: str
    price_minor: int
    quota: int | None
    taken: int
    sales_open_at: datetime | None
    sales_close_at: datetime | None
    min_per_order: int
    max_per_order: int | None
    hidden: bool
    withdrawn: bool
    is_default: bool

    @classmethod
    def read(cls, facts: Sequence[Any]) -> "TypeRow":
        """Return the row of these facts, in the sequence of the fields, out of JSON."""
        row = cls(*facts)
        row.sales_open_at, row.sales_close_at = _moment(facts[6]), _moment(facts[7])
        return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class EventTypes:
    """The types of one event in a batch."""

    def __init__(self, rows: Iterable[TypeRow]) -> None:
        self.by_id = {row.id: row for row in rows}
        self.default = next(row for row in self.by_id.values() if row.is_default)
        self._before = {row.id: row.taken for row in self.by_id.values()}

    def items_of(self, order: Order) -> tuple[tuple[int, int], ...]:
        """What the order asks for: without items, the default type."""
        if not order.items:
            return ((self.default.id, order.seats),)
        default = self.default.id
        return tuple(
            (default if type_id is None else type_id, seats) for type_id, seats in order.items
        )

    def refusal(
        self, order: Order, left: int, at: datetime, voucher: VoucherRow | None = None
    ) -> UtsavamError | None:
        """Why the types sell the order nothing; `left` are the event's seats, counted elsewhere."""
        items = self.items_of(order)
        if len({type_id for type_id, _seats in items}) < len(items):
            return InvalidField("items", "must name each ticket type once")
        for type_id, seats in items:
            kind = self.by_id.get(type_id)
            if kind is None:
                return TicketTypeNotFound(type_id)
            if refusal := _refusal(kind, seats, left, at, voucher):
                return refusal
        return refusal_by_type(voucher, items) if voucher else None

    def take(self, order: Order) -> list[Order]:
        """Count the order's seats, and return the bookings that it makes, the first one first."""
        items = self.items_of(order)
        together = order.reference if len(items) > 1 else None
        made = []
        for number, (type_id, seats) in enumerate(items):
            self.by_id[type_id].taken += seats
            one = replace(order, seats=seats, ticket_type_id=type_id, order_reference=together)
            if number:
                # The key is the order's, which the first booking has.
                one = replace(
                    one, reference=new_reference(), idempotency_key=None, fingerprint=None
                )
            made.append(one)
        return made

    def named(self, booking: Confirmed) -> Confirmed:
        """The booking with its type's name; one from before there were types has none."""
        kind = self.by_id.get(booking.ticket_type_id or 0)
        return replace(booking, ticket_type=kind.name) if kind else booking

    def changed(self) -> dict[int, int]:
        """The new counts by type, of those that orders have changed."""
        return {id: kind.taken for id, kind in self.by_id.items() if kind.taken != self._before[id]}

    def left(self, event_left: int) -> dict[int | None, int]:
        """Seats left by type, and by None of the default type."""
        found: dict[int | None, int] = {
            id: left_of(kind, event_left) for id, kind in self.by_id.items()
        }
        return found | {None: found[self.default.id]}


def by_event(rows: Iterable[TypeRow]) -> dict[int, EventTypes]:
    """The types by their events."""
    found: dict[int, list[TypeRow]] = {}
    for row in rows:
        found.setdefault(row.event_id, []).append(row)
    return {event_id: EventTypes(types) for event_id, types in found.items()}


def unknown_type(order: Order) -> TicketTypeNotFound:
    """The refusal of types that an event without types can't have."""
    return TicketTypeNotFound(order.items[0].ticket_type_id or "default")


def price_of(types: Mapping[int, EventTypes], order: Order, event_price: int) -> int:
    """The price of one of the order's seats."""
    if order.ticket_type_id is None:
        return event_price
    return types[order.event_id].by_id[order.ticket_type_id].price_minor


def _refusal(
    kind: TypeRow, seats: int, left: int, at: datetime, voucher: VoucherRow | None
) -> UtsavamError | None:
    opened = voucher is not None and voucher.ticket_type_id == kind.id
    state = type_state(kind, left, at, opened=opened)
    if state == TypeState.HIDDEN and not kind.is_default:
        # Whoever guesses its id is not told that it is there.
        return TicketTypeNotFound(kind.id)
    if state not in (SELLABLE_OF_A_HOLD if voucher and voucher.hold_id else SELLABLE):
        return TicketTypeNotOnSale(kind.event_id, kind.id, state)
    if seats < kind.min_per_order:
        return InvalidField("seats", f"must be at least {kind.min_per_order} of {kind.name}")
    if kind.max_per_order is not None and seats > kind.max_per_order:
        return InvalidField("seats", f"can be at most {kind.max_per_order} of {kind.name}")
    if kind.quota is not None and seats > kind.quota - kind.taken:
        return TicketTypeSoldOut(kind.event_id, kind.id, seats, max(kind.quota - kind.taken, 0))
    return None
