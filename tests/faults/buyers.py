"""Buyers under load who write down what they were told, and the check of it against the truth."""

import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import httpx

PATIENCE = 10
"""Seconds: every request is to end within them."""


@dataclass
class Buyers:
    """Each buys one seat after another; a lost or unavailable answer is asked again, by its key."""

    url: str
    event_id: int
    user_ids: list
    keeps_asking: bool = True
    statuses: Counter = field(default_factory=Counter)
    booked: dict = field(default_factory=dict)
    """Idempotency key to booking id, of the 201 answers."""
    refused: set = field(default_factory=set)
    unknown: set = field(default_factory=set)
    slowest: float = 0.0
    booked_at: list = field(default_factory=list)

    def __post_init__(self):
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._buy_on, args=(user_id,), daemon=True)
            for user_id in self.user_ids
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        for thread in self._threads:
            thread.join(3 * PATIENCE)
            assert not thread.is_alive(), "a buyer hangs"

    def wait_for_bookings(self, more, seconds=20):
        """Wait until so many more seats are booked; the seconds it took."""
        began, goal = time.monotonic(), len(self.booked) + more
        while len(self.booked) < goal:
            assert time.monotonic() < began + seconds, f"no {more} bookings in {seconds} s"
            time.sleep(0.005)
        return time.monotonic() - began

    def _buy_on(self, user_id):
        while not self._over.is_set():
            self._buy(user_id, uuid.uuid4().hex)

    def _buy(self, user_id, key):
        wish = {"user_id": user_id, "event_id": self.event_id, "idempotency_key": key}
        for _attempt in range(60 if self.keeps_asking else 1):
            began = time.monotonic()
            status, answer = self._ask(wish)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.statuses[status] += 1
            if status == 201:
                self.booked[key] = answer["booking_id"]
                self.booked_at.append(time.monotonic())
                return
            if status == 409:
                self.refused.add(key)
                return
            if self._over.is_set():
                break
            time.sleep(0.05)
        self.unknown.add(key)

    def _ask(self, wish):
        try:
            answer = httpx.post(f"{self.url}/bookings", json=wish, timeout=PATIENCE)
        except httpx.HTTPError as error:
            return type(error).__name__, None
        return answer.status_code, answer.json()


def check_history(buyers, sql):
    """What was said to be booked is booked, once; what was refused is not; unknown is either."""
    rows = sql("SELECT idempotency_key, id FROM bookings WHERE event_id = %s", buyers.event_id)
    truth = dict(rows)
    assert len(truth) == len(rows)
    for key, booking_id in buyers.booked.items():
        assert truth.get(key) == booking_id, f"a confirmed booking is lost: {key}"
    assert not buyers.refused & truth.keys(), "a refused booking was made"
    assert truth.keys() <= buyers.booked.keys() | buyers.unknown
    assert buyers.slowest <= PATIENCE
