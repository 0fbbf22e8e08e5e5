"""What people asked for and what they were told, to be held against what the site keeps."""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Order:
    """Seats that somebody wished for, under one idempotency key."""

    email: str
    seats: int
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    booking_id: int | str | None = None
    """The booking's number, or its reference, by which guests know it."""
    refused: bool = False
    kept: int = 0
    """Seats that the booking has by the last answer; 0 once its cancellation was answered."""
    in_doubt: bool = False
    """A cancellation was asked for whose answer is not known."""

    @property
    def unknown(self):
        """Nobody was told how it ended."""
        return self.booking_id is None and not self.refused


@dataclass
class Ledger:
    """Written by everybody in one process; `broken` are promises seen broken at once."""

    orders: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    errors: Counter = field(default_factory=Counter)
    """What went wrong, a few words each."""
    told_to_wait: int = 0
    """Answers 503 with Retry-After: asked again."""
    cut_off: int = 0
    """Connections that broke before the answer: asked again."""
    answers: list = field(default_factory=list)
    """(moment, whether booked) of every order's answer."""
    served: list = field(default_factory=list)
    """(moment, kind, whether with a ticket) of every person whose visit came to an end."""
    repeated: int = 0
    """Answers that told of a booking once more."""
    given_back: int = 0
    parts: Counter = field(default_factory=Counter)
    """(email, seats) of parts that were given back: the site keeps each as a cancelled booking."""

    def asked(self, email, seats, key=None):
        order = Order(email, seats) if key is None else Order(email, seats, key)
        self.orders.append(order)
        return order

    def booked(self, order, booking_id):
        if order.booking_id is None:
            order.booking_id, order.kept, order.refused = booking_id, order.seats, False
            self.answers.append((time.monotonic(), True))
        elif order.booking_id == booking_id:
            self.repeated += 1
        else:
            self.broken.append(
                f"one key booked twice: bookings {order.booking_id} and {booking_id}"
                f" of {order.email}"
            )

    def refused(self, order):
        if order.booking_id is None:
            order.refused = True
            self.answers.append((time.monotonic(), False))

    def has_served(self, kind, *, ticket):
        self.served.append((time.monotonic(), kind, ticket))

    def asks_back(self, order, keep):
        order.in_doubt = True
        if keep:
            self.parts[order.email, order.kept - keep] += 1

    def gave_back(self, order, keep):
        """It was answered that `keep` seats of the order are left."""
        order.kept, order.in_doubt = keep, False
        self.given_back += 1

    def wrong(self, what):
        self.errors[what] += 1
