"""Buyers who reserve and then pay: in time, around their time's end, twice, or never. And the check
of what they and the bank know against the truth."""

import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from tests.faults.buyers import PATIENCE, Crowd, ask
from tests.support.threads import at_once

PRICE = 500
TIME_TO_PAY = 1.5
"""Seconds, instead of minutes."""
HURRY = f"""
    CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_TABLE_NAME = 'bookings' THEN
        IF NEW.reserved_until IS NOT NULL THEN
          NEW.reserved_until = now() + interval '{TIME_TO_PAY} s';
        END IF;
      ELSIF NEW.next_expiry_at IS NOT NULL THEN
        NEW.next_expiry_at =
          least(NEW.next_expiry_at, now() + interval '{TIME_TO_PAY} s');
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER hurry BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION hurry();
    CREATE TRIGGER hurry BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION hurry();
"""
CALM_DOWN = "DROP FUNCTION hurry CASCADE"


@dataclass
class Payers(Crowd):
    """The bank tells of each payment until it hears an answer, with the same reference."""

    admin_key: str = ""
    reserved: dict = field(default_factory=dict)
    """Idempotency key to booking id, of the 201 answers."""
    told: dict = field(default_factory=dict)
    """The payments that were answered: their references, with the booking and whether the money is
    owed back."""
    sent: dict = field(default_factory=dict)
    """All payments: their references with the booking."""

    def wait_for_payments(self, more, seconds=30):
        goal, began = len(self.told) + more, time.monotonic()
        while len(self.told) < goal:
            assert time.monotonic() < began + seconds, f"no {more} payments: {self.statuses}"
            time.sleep(0.01)

    def _act(self, user_id):
        booking_id = self._reserve(user_id)
        habit = random.random()
        if booking_id is None or habit < 0.2:
            self._over.wait(0.05)
            return
        if habit > 0.6:
            self._over.wait(random.uniform(TIME_TO_PAY - 0.5, TIME_TO_PAY + 0.7))
        self._pay(booking_id)
        if habit > 0.9:
            self._pay(booking_id)

    def _reserve(self, user_id):
        key = uuid.uuid4().hex
        wish = {"user_id": user_id, "event_id": self.event_id, "idempotency_key": key}
        for _attempt in range(60):
            status, answer = self._ask("POST", "/bookings", json=wish)
            if status == 201:
                self.reserved[key] = answer["booking_id"]
                return answer["booking_id"]
            if status == 409 or self._over.wait(0.05):
                return None
        return None

    def _pay(self, booking_id):
        reference = uuid.uuid4().hex[:12].upper()
        self.sent[reference] = booking_id
        money = {"provider": "transfer", "amount_minor": PRICE, "currency": "INR"}
        for attempt in range(200):
            status, answer = self._ask(
                "POST",
                f"/api/admin/bookings/{booking_id}/payments",
                headers={"X-Admin-Key": self.admin_key},
                json={**money, "bank_reference": reference},
            )
            if status == 200 and (attempt or random.random() > 0.1):
                self.told[reference] = (booking_id, bool(answer["refunds"]))
                return
            time.sleep(0.05)
        raise AssertionError("the bank gave up")


def check_payments(payers, sql):
    """Each payment is there once and has brought its seats or is owed back; nobody has seats that
    are not paid; and what was told of it is so."""
    rows = sql(
        "SELECT p.provider_ref, p.booking_id, b.status, p.amount_minor,"
        " coalesce(sum(r.amount_minor), 0)"
        " FROM payments p JOIN bookings b ON b.id = p.booking_id"
        " LEFT JOIN refunds r ON r.payment_id = p.id"
        " WHERE p.state = 'PAID' AND b.event_id = %s GROUP BY p.id, b.id",
        payers.event_id,
    )
    assert {reference for reference, *_rest in rows} == payers.sent.keys() == payers.told.keys()
    kept = Counter()
    for reference, booking_id, status, amount, back in rows:
        owed = payers.told[reference] == (booking_id, True)
        assert back == (amount if owed else 0), f"{reference} is owed {back} of {amount}"
        if not owed:
            assert status == "CONFIRMED", f"paid, and has no seat: {reference}"
            kept[booking_id] += 1
    assert set(kept.values()) <= {1}, "paid twice, and not given back"
    confirmed = sql(
        "SELECT id FROM bookings WHERE event_id = %s AND status = 'CONFIRMED'", payers.event_id
    )
    assert {id for (id,) in confirmed} == kept.keys(), "a seat that nobody paid"
    assert payers.slowest <= PATIENCE


def sell_the_rest(payers, sql):
    """After their time, all seats that nobody paid can be bought: no worker is needed."""
    time.sleep(TIME_TO_PAY)
    query = (
        "SELECT capacity - (SELECT count(*) FROM bookings"
        " WHERE event_id = events.id AND status = 'CONFIRMED') FROM events WHERE id = %s"
    )
    ((free,),) = sql(query, payers.event_id)
    wish = {"user_id": payers.user_ids[0], "event_id": payers.event_id}
    # By many at once: the first of them is not to be over before the last has come.
    buy = partial(ask, "POST", f"{payers.url}/bookings", json=wish)
    assert [status for status, _ in at_once([buy] * free)] == [201] * free, "seats are stranded"
    assert ask("POST", f"{payers.url}/bookings", json=wish)[0] == 409
