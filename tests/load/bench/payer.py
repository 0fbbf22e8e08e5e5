"""Pays what is reserved, as fast as it can: `python -m tests.load.bench.payer EVENT`.

It stands for `flask worker`, to which a provider has told of these payments. Ends with SIGTERM, and
prints how many orders it has confirmed.
"""

import signal
import sys
import time

from sqlalchemy import func, select

from app import create_app
from app.db import db
from app.models import Booking, BookingStatus, PaymentProvider
from app.services.payment_batches import TOGETHER, Wanted, record_all
from app.services.payments import Received, Recorded


def main(event_id):
    ends = []
    signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
    app, paid = create_app(), 0
    with app.app_context():
        last = db.session.scalar(select(func.max(Booking.id))) or 0
    print("ready", flush=True)
    while not ends:
        with app.app_context():
            wanted = [
                Wanted(id, Received(PaymentProvider.TRANSFER, total, "INR", f"T{id}"))
                for id, total in waiting(event_id, last)
            ]
            db.session.rollback()
            answers = record_all(app.extensions["desk"], wanted)
            paid += sum(isinstance(one, Recorded) and one.refund is None for one in answers)
        if wanted:  # Some have ids from before that are committed later.
            last = max(last, wanted[-1].booking_id - 1_000)
        if len(wanted) < TOGETHER:
            time.sleep(0.02)
    print(f"paid {paid}", flush=True)


def waiting(event_id, last):
    """The oldest orders after the `last` that are not paid: their ids, and what they cost."""
    query = (
        select(Booking.id, Booking.seats * Booking.price_minor)
        .where(Booking.event_id == event_id, Booking.id > last)
        .where(Booking.status == BookingStatus.RESERVED.value)
        .order_by(Booking.id)
    )
    return db.session.execute(query.limit(TOGETHER)).all()


if __name__ == "__main__":
    main(int(sys.argv[1]))
