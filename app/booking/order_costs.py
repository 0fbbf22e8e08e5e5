"""What orders cost, as the ledger decides them under the event's lock: the ticket's price, then a
voucher's effect, then the event's fee."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from app.booking.orders import Order
from app.booking.typed_orders import EventTypes
from app.booking.voucher_orders import VoucherRow
from app.errors import PriceRisen
from app.lib.fees import SeatCost, fee_of


def with_fees(
    events: Sequence[Row[Any]], prices: Sequence[tuple[int, str]]
) -> tuple[list[tuple[int, str]], list[int]]:
    """The prices of seats of these events, with their currencies, as their buyers pay them; and the
    fees in them."""
    costs: list[SeatCost] = [
        fee_of(event).cost_of(minor)
        for event, (minor, _currency) in zip(events, prices, strict=True)
    ]
    paid = [(cost.price_minor, currency) for cost, (_, currency) in zip(costs, prices, strict=True)]
    return paid, [cost.fee_minor for cost in costs]


def risen(
    order: Order,
    event: Row[Any],
    types: EventTypes | None,
    voucher: VoucherRow | None,
) -> PriceRisen | None:
    """The refusal of an order that costs more by now than its buyer was shown."""
    limit = order.limit
    if limit is None:
        return None
    total = sum(
        seats * fee_of(event).cost_of(voucher.price_of(minor) if voucher else minor).price_minor
        for minor, seats in _tickets(order, event, types)
    )
    in_another = limit.currency not in {None, event.currency}
    if total > limit.total_minor or (in_another and total):
        return PriceRisen(event.id, total, event.currency)
    return None


def _tickets(order: Order, event: Row[Any], types: EventTypes | None) -> Sequence[tuple[int, int]]:
    """The price of each kind of ticket that the order asks for, and how many."""
    if types is None:
        return ((event.price_minor, order.seats),)
    return [(types.by_id[id].price_minor, seats) for id, seats in types.items_of(order)]
