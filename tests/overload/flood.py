"""Many clients that ask at the same moment, and what each of them was told after how long."""

import time
from dataclasses import dataclass
from threading import Barrier, Thread

import httpx

LONGEST = 10.0
"""Seconds that any request may take."""


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str | None
    seconds: float


class Flood:
    """Started with its wishes; `answers` fills as they come in."""

    def __init__(self, url, wishes):
        self._url, self.answers = url, []
        self._together = Barrier(len(wishes))
        self._threads = [Thread(target=self._ask, args=(w,), daemon=True) for w in wishes]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join(LONGEST + 30)
            assert not thread.is_alive(), "a request hangs"

    def by_status(self, status):
        return [answer for answer in self.answers if answer.status == status]

    def _ask(self, wish):
        with httpx.Client(base_url=self._url, timeout=LONGEST) as client:
            client.get("/health")
            self._together.wait(30)
            began = time.monotonic()
            answer = client.post("/api/bookings", json=wish)
            self.answers.append(
                Answer(
                    answer.status_code,
                    answer.headers.get("Retry-After"),
                    time.monotonic() - began,
                )
            )
