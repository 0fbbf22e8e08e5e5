"""Orders with a voucher's code, as the ledger decides them under the event's lock.

The event's row lock guards its vouchers, as it does its ticket types and holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from app.booking.orders import Order
from app.errors import UtsavamError, VoucherNotFound, VoucherRefused, VoucherUsedUp
from app.models.voucher import price_with


@dataclass(slots=True)
class VoucherRow:
    """A voucher as the ledger read it under the lock; `used` grows with each order."""

    id: int
    event_id: int
    code_key: str
    max_uses: int
    used: int
    valid_until: datetime | None
    email: str | None
    owner_id: int | None
    """The user with that email, if there is one."""
    ticket_type_id: int | None
    price_effect: str | None
    price_value: int | None
    hold_id: int | None
    hold_left: int | None
    withdrawn: bool

    def price_of(self, price_minor: int) -> int:
        return price_with(self.price_effect, self.price_value, price_minor)


class VoucherCounts(NamedTuple):
    """What a batch has changed of vouchers and holds."""

    used: dict[int, int]
    """Uses by voucher."""
    holds: dict[int, int]
    """Seats left by hold."""
    drawn: dict[int, int]
    """Seats taken out of holds, by event."""


@dataclass
class BatchVouchers:
    """The vouchers that the orders of one batch name."""

    rows: Sequence[VoucherRow]
    drawn: dict[int, int] = field(default_factory=dict)
    """Seats taken out of holds so far, by event."""

    def __post_init__(self) -> None:
        self._by_key = {(row.event_id, row.code_key): row for row in self.rows}
        self._by_id = {row.id: row for row in self.rows}
        self._before = {row.id: row.used for row in self.rows}
        self._holds = {row.hold_id: row.hold_left or 0 for row in self.rows if row.hold_id}
        self._holds_before = dict(self._holds)

    def find(self, order: Order, at: datetime) -> VoucherRow | UtsavamError:
        """The voucher of the order's code, or why it is not good for its person now."""
        row = self._by_key.get((order.event_id, order.code or ""))
        if row is None or row.withdrawn:
            return VoucherNotFound(order.event_id)
        if not _is_for(row, order):
            return VoucherRefused(order.event_id, "for_another_person")
        if row.valid_until is not None and at >= row.valid_until:
            return VoucherRefused(order.event_id, "over")
        if row.used >= row.max_uses:
            return VoucherUsedUp(order.event_id)
        return row

    def left(self, row: VoucherRow, event_left: int) -> int:
        """Seats that there are for whoever has this voucher."""
        return event_left if row.hold_id is None else self._holds[row.hold_id]

    def take(self, row: VoucherRow, order: Order) -> Order:
        """Count a use, and the seats if they are a hold's; returns the order as it is booked."""
        row.used += 1
        if row.hold_id is not None:
            self._holds[row.hold_id] -= order.seats
            self.drawn[row.event_id] = self.drawn.get(row.event_id, 0) + order.seats
        return replace(order, voucher_id=row.id, voucher_order=order.reference)

    def prices(
        self, orders: Sequence[Order], prices: Sequence[tuple[int, str]]
    ) -> list[tuple[int, str]]:
        """The prices of the orders' seats, with their currencies, after their vouchers' effects."""
        return [
            (self._price_of(order, minor), currency)
            for order, (minor, currency) in zip(orders, prices, strict=True)
        ]

    def _price_of(self, order: Order, price_minor: int) -> int:
        if order.voucher_id is None:
            return price_minor
        return self._by_id[order.voucher_id].price_of(price_minor)

    def changed(self) -> VoucherCounts:
        """The new counts of those that the orders have changed."""
        used = {row.id: row.used for row in self.rows if row.used != self._before[row.id]}
        holds = {id: n for id, n in self._holds.items() if n != self._holds_before[id]}
        return VoucherCounts(used, holds, self.drawn)


def codes_of(orders: Iterable[Order]) -> set[tuple[int, str]]:
    """The codes that orders name, by event."""
    return {(order.event_id, order.code) for order in orders if order.code is not None}


def _is_for(row: VoucherRow, order: Order) -> bool:
    if row.email is None:
        return True
    if order.guest is not None:
        return order.guest.email == row.email
    return order.user_id == row.owner_id


def refusal_by_type(row: VoucherRow, items: Iterable[tuple[int, int]]) -> VoucherRefused | None:
    """The refusal of an order for other ticket types than the voucher's."""
    if row.ticket_type_id is None:
        return None
    if all(type_id == row.ticket_type_id for type_id, _seats in items):
        return None
    return VoucherRefused(row.event_id, "not_for_this_type", row.ticket_type_id)
