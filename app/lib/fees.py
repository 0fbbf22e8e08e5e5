"""Fees: what a seat costs its buyer beside its ticket's price, or as a part of it.

All amounts are whole numbers of the currency's smallest unit.
"""

from typing import NamedTuple, Protocol

ALL = 10_000
"""Basis points of the whole: 100 are one per cent."""
MAX_COST_MINOR = 2_000_000_000
"""The most that a seat costs: what a booking's column holds."""


class SeatCost(NamedTuple):
    """What one seat costs its buyer."""

    price_minor: int
    """All in."""
    fee_minor: int = 0
    """The part of it that is the fee."""


class Fee(NamedTuple):
    """An event's fee for a seat that costs something: an amount, a share, or both."""

    amount_minor: int = 0
    basis_points: int = 0
    """Of the ticket's price."""
    included: bool = False
    """Whether it is a part of the ticket's price; else it is added to that."""

    def __bool__(self) -> bool:
        return bool(self.amount_minor or self.basis_points)

    def asked_of(self, ticket_minor: int) -> int:
        """The fee of a ticket of this price; half a unit is rounded up, for each seat."""
        if not ticket_minor:
            return 0
        return self.amount_minor + (ticket_minor * self.basis_points + ALL // 2) // ALL

    def cost_of(self, ticket_minor: int) -> SeatCost:
        """What a seat costs whose ticket has this price, after vouchers; a free one has no fee.

        The one definition of that rule. An included fee is never more than the price, and no seat
        costs more than `MAX_COST_MINOR`, which only a voucher's price could come to.
        """
        asked = self.asked_of(ticket_minor)
        if self.included:
            return SeatCost(ticket_minor, min(asked, ticket_minor))
        fee = min(asked, MAX_COST_MINOR - ticket_minor)
        return SeatCost(ticket_minor + fee, fee)


class HasFee(Protocol):
    """The facts of an event's fee; an `Event` and a locked row have them."""

    fee_minor: int
    fee_basis_points: int
    fee_included: bool


def fee_of(event: HasFee) -> Fee:
    # An event that was not saved yet may have none of them.
    return Fee(event.fee_minor or 0, event.fee_basis_points or 0, bool(event.fee_included))
