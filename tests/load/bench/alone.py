"""What the desk adds to one booking alone: the same order with its queue, and without."""

import secrets
import statistics
import time

from app import create_app
from app.booking.orders import Order

SAMPLES = 300


def alone(stage):
    """Milliseconds, medians: (a booking through the desk, the same without its queue)."""
    app = create_app()
    desk = app.extensions["desk"]
    with app.app_context():
        pairs = [(timed(desk.book, stage), timed(settle(desk), stage)) for _ in range(SAMPLES)]
    return tuple(statistics.median(times) * 1000 for times in zip(*pairs, strict=True))


def settle(desk):
    return lambda order: desk.settle([order])


def timed(book, stage):
    order = Order(1, stage.hot, 1, secrets.token_hex(8), "bench")
    began = time.perf_counter()
    book(order)
    return time.perf_counter() - began
