"""Live stats of a sale: the outcomes of all processes' orders per second, shared through Redis.

Each process counts its own outcomes and flushes them to Redis once a second while there are any.
The figures are for display and may miss a second, for example when a process ends or Redis is
unavailable; the authoritative records are in PostgreSQL.
"""

import logging
import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from app.booking.orders import SeatSnapshot
from app.booking.redis_keys import Names
from app.lib.text import whole

INTERVAL = 1.0
"""Seconds between flushes."""
IDLE_INTERVALS = 5
"""Idle flushes after which the flusher thread ends; the next order starts a new one."""
TTL = 600
"""Seconds for which the counts of a minute are kept."""
QUEUE_VALID_FOR = 5
"""Seconds for which a process's reported queue length is valid."""
MAX_EVENTS = 1_000
"""Maximum events per flush; more than that is somebody guessing ids, not a sale."""
MAX_NOTED = 100_000
"""Maximum outcomes kept between flushes; many times what a process can produce."""
DESKS_KEY = "desks:queues"

BOOKED, SEATS, REPLAYED = "booked", "seats", "replayed"
SOLD_OUT, REFUSED, BUSY, FAILED = "sold_out", "refused", "busy", "failed"
CHANGED = "changed"
"""The event was changed by an organiser or a cancellation, so its seats left are read again."""
LEFT = "left"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """One second of an event's sale."""

    at: int
    """Unix time in seconds."""
    booked: int = 0
    seats: int = 0
    replayed: int = 0
    sold_out: int = 0
    refused: int = 0
    busy: int = 0
    failed: int = 0
    left: int | None = None
    """Seats left at the end of the second; None if no process reported them."""


@dataclass(frozen=True)
class SaleHistory:
    """An event's last seconds, and the queues of all processes."""

    samples: Sequence[Sample]
    """One per second, oldest first, without the current second."""
    queue: int
    """Queued orders, summed over all processes."""
    processes: int
    """Number of processes that have reported within the last `QUEUE_VALID_FOR` seconds."""


def minute_key(event_id: int, minute: int) -> str:
    return f"event:{event_id}:pulse:{minute}"


class LiveStats:
    """Counts a process's outcomes and reads those of all processes. One instance per process."""

    def __init__(
        self,
        client: redis.Redis,
        queue: Callable[[], int],
        snapshot: Callable[[int], SeatSnapshot | None],
        names: Names | None = None,
    ) -> None:
        self._client, self._queue, self._snapshot = client, queue, snapshot
        self._names = names or Names()
        self._noted: deque[tuple[int, int, str, int]] = deque(maxlen=MAX_NOTED)
        """(second, event id, kind, seats), appended without a lock and counted at each flush."""
        self._starting = threading.Lock()
        self._flusher: threading.Thread | None = None

    def note(self, event_id: int, kind: str, seats: int = 0) -> None:
        """Count an outcome of the desk; `kind` is one of this module's constants."""
        self._noted.append((int(time.time()), event_id, kind, seats))
        if self._flusher is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_regularly, daemon=True)
                self._flusher.start()

    def read(self, event_id: int, seconds: int) -> SaleHistory | None:
        """Return the last `seconds` seconds of all processes; None if Redis is unavailable."""
        now = int(time.time())
        minutes = range((now - seconds) // 60, now // 60 + 1)
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for minute in minutes:
                    pipe.hgetall(self._names.of(minute_key(event_id, minute)))
                pipe.hgetall(self._names.of(DESKS_KEY))
                *history, desks = map(_hash_or_empty, pipe.execute(raise_on_error=False))
        except redis.RedisError:
            return None
        facts = {name: value for minute in history for name, value in minute.items()}
        queues = list(_recent_queues(desks, now))
        lefts, newest, samples = _seats_left(facts), -1, []
        for at in range(now - seconds, now):
            version, left = lefts.get(at, (-1, None))
            # A process that has not sold lately reports seats that others have sold since.
            samples.append(_sample(at, facts, left if version >= newest else None))
            newest = max(newest, version)
        return SaleHistory(samples, sum(queues), len(queues))

    def _flush_regularly(self) -> None:
        quiet = 0
        try:
            while quiet < IDLE_INTERVALS:
                time.sleep(INTERVAL)
                quiet = 0 if self._flush() else quiet + 1
        finally:
            self._flusher = None
        self._flush()  # outcomes noted since the last flush

    def _flush(self) -> bool:
        """Write the counts to Redis; return whether there were any."""
        counts = self._take_counts()
        events = sorted({event_id for _, event_id, _ in counts})[:MAX_EVENTS]
        if not events:
            return False
        try:
            with self._client.pipeline(transaction=False) as pipe:
                keys = self._send(pipe, counts, set(events))
                if any(isinstance(a, redis.ResponseError) for a in pipe.execute(False)):
                    # A key holds another type: delete it, so that the next flush succeeds.
                    self._client.delete(*keys)
        except redis.RedisError as error:
            log.debug("The live stats were not sent: %s", error)
        return True

    def _take_counts(self) -> Counter[tuple[int, int, str]]:
        """Return the counts of what was noted so far, by (second, event id, kind)."""
        counts: Counter[tuple[int, int, str]] = Counter()
        for _ in range(len(self._noted)):
            second, event_id, kind, seats = self._noted.popleft()
            counts[second, event_id, kind] += 1
            if seats:
                counts[second, event_id, SEATS] += seats
        return counts

    def _send(
        self, pipe: Any, counts: Mapping[tuple[int, int, str], int], event_ids: set[int]
    ) -> set[str]:
        """Queue the commands on the pipeline and return the keys that they write to."""
        keys = {self._names.of(DESKS_KEY)}
        for (second, event_id, kind), number in counts.items():
            if event_id in event_ids:
                key = self._names.of(minute_key(event_id, second // 60))
                pipe.hincrby(key, f"{second}:{kind}", number)
                keys.add(key)
        second = int(time.time()) - 1
        for event_id in event_ids:
            if snapshot := self._snapshot(event_id):
                key = self._names.of(minute_key(event_id, second // 60))
                pipe.hset(key, f"{second}:{LEFT}:{snapshot.version}", snapshot.seats)
                keys.add(key)
        pipe.hset(self._names.of(DESKS_KEY), _process(), f"{second}:{self._queue()}")
        for key in keys:
            pipe.expire(key, TTL)
        return keys


def _hash_or_empty(answer: Any) -> dict[bytes, bytes]:
    """Return the hash that was read; an empty one if the key holds another type."""
    return answer if isinstance(answer, dict) else {}


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _recent_queues(desks: Mapping[bytes, bytes], now: int) -> Iterator[int]:
    """Yield the queue lengths that were reported within the last `QUEUE_VALID_FOR` seconds."""
    for report in desks.values():
        at, _, queue = report.partition(b":")
        reported_at, waiting = whole(at), whole(queue)
        if reported_at is not None and waiting is not None and now - reported_at <= QUEUE_VALID_FOR:
            yield waiting


def _sample(at: int, facts: Mapping[bytes, bytes], left: int | None) -> Sample:
    found = {name: whole(facts.get(f"{at}:{name}".encode())) for name in _KINDS}
    return Sample(at, left=left, **{name: n for name, n in found.items() if n is not None})


def _seats_left(facts: Mapping[bytes, bytes]) -> dict[int, tuple[int, int]]:
    """Map each second to the latest reported version and its seats left."""
    found: dict[int, tuple[int, int]] = {}
    for name, seats in facts.items():
        at, _, version = name.partition(f":{LEFT}:".encode())
        second, numbers = whole(at), (whole(version), whole(seats))
        if second is not None and None not in numbers:
            latest = cast("tuple[int, int]", numbers)
            found[second] = max(latest, found.get(second, latest))
    return found


_KINDS = (BOOKED, SEATS, REPLAYED, SOLD_OUT, REFUSED, BUSY, FAILED)
