"""Which promises were broken: the ledger of answers against the site's own list of bookings."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    oversold: int
    """Seats sold beyond the capacity."""
    stranded: int
    """Seats that are neither sold nor can be bought."""
    errors: int
    broken: tuple
    """A sentence for each promise that was broken."""

    @property
    def line(self):
        return f"oversold: {self.oversold} stranded: {self.stranded} errors: {self.errors}"

    @property
    def good(self):
        return not self.broken


def judge(ledger, capacity, left, rows, unsold=0, held=0):
    """`left` seats are shown as free, `unsold` of them could not be bought, and an organiser holds
    `held` back; `rows` are all bookings of the event as the organiser's API lists them."""
    sold = sum(row["seats"] for row in rows if row["status"] == "CONFIRMED")
    oversold = max(0, sold + held - capacity, -left)
    stranded = max(0, capacity - sold - held - left) + unsold
    others = [*ledger.broken, *_untrue_answers(ledger, rows), *_untold(ledger, rows)]
    if left > max(0, capacity - sold - held):
        others.append(f"{left} seats are for sale, though {sold} of {capacity} are sold")
    others += [f"{what} ({count} times)" for what, count in ledger.errors.most_common()]
    if not any(order.booking_id for order in ledger.orders):
        others.append("nothing was sold, so nothing was rehearsed")
    broken = []
    if oversold:
        broken.append(f"oversold: {sold} seats are sold of {capacity}")
    if stranded:
        broken.append(
            f"stranded: of {capacity} seats {sold} are sold and {left} are for sale"
            + (f", {held} are held back" if held else "")
            + (f", {unsold} of which nobody can buy" if unsold else "")
        )
    errors = len(others) + sum(ledger.errors.values()) - len(ledger.errors)
    return Verdict(oversold, stranded, errors, (*broken, *others))


def _untrue_answers(ledger, rows):
    """What people were told that is not so."""
    kept = {name: row for row in rows for name in names_of(row)}
    for order in ledger.orders:
        if order.booking_id is None:
            continue
        row, named = kept.get(order.booking_id), f"booking {order.booking_id} of {order.email}"
        if row is None or row["user_email"] != order.email:
            yield f"a booking was answered that is not there: {named}"
        elif order.in_doubt:
            continue
        elif not order.kept and row["status"] != "CANCELLED":
            yield f"a cancellation was answered, and the booking still stands: {named}"
        elif order.kept and row["status"] != "CONFIRMED":
            yield f"a booking is cancelled that nobody gave back: {named}"
        elif order.kept and row["seats"] != order.kept:
            yield f"{named} has {row['seats']} seats, and was told {order.kept}"


def _untold(ledger, rows):
    """Bookings that exist though nobody was told so, nor left without an answer."""
    told = {order.booking_id for order in ledger.orders}
    doubtful = Counter((order.email, order.seats) for order in ledger.orders if order.unknown)
    parts = ledger.parts.copy()
    for row in rows:
        if told.intersection(names_of(row)):
            continue
        wish = (row["user_email"], row["seats"])
        if row["status"] == "CANCELLED" and parts[wish]:
            parts[wish] -= 1
        elif doubtful[wish]:
            doubtful[wish] -= 1
        else:
            yield f"nobody was told of booking {row['booking_id']} of {row['user_email']}"


def names_of(row):
    """What people call a booking: by its number, and guests by its reference."""
    return {row["booking_id"], row["reference"]}
