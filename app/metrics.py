"""Metrics of a running site, with prometheus_client. docs/operations.md describes each.

Each process keeps its values in files in a folder created by gunicorn's master; the exporter adds
them up, including those of killed processes. Without such a folder nothing is counted.
Observations are buffered and written once a second, which takes a fraction of the time; a killed
process loses at most its last second.
"""

import atexit
import logging
import threading
import time
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

INTERVAL = 1.0
"""Seconds between writes of the buffered observations and of the gauges."""
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BATCH_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BATCH_ORDERS = (1, 2, 5, 10, 20, 50, 100)
OUTCOMES = ("booked", "replayed", "sold_out", "refused", "busy", "failed", "no_event")
VERDICTS = {1: "granted", 0: "insufficient", -1: "missing", -2: "late"}
"""Names of the values of `app.booking.gate.Verdict`."""
POOLS = ("pages", "desk", "lookups")
MAX_PENDING = 100_000
"""Maximum observations buffered between writes; many times what a process can produce."""

log = logging.getLogger(__name__)


class Metrics:
    """A process's metrics; one instance per process.

    Labels never hold events, people or addresses, whose number is unbounded.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._histogram(
            "request_seconds",
            "Seconds that requests took, until their answers began.",
            REQUEST_SECONDS,
            ("method", "route", "status"),
        )
        self._later: deque[tuple[Callable[[float], None], float]] = deque(maxlen=MAX_PENDING)
        self._noted: deque[str] = deque(maxlen=MAX_PENDING)
        self._writing = threading.Lock()
        bookings = self._counter("bookings", "Orders that the desk answered.", ("outcome",))
        self._outcomes = {name: bookings.labels(name) for name in OUTCOMES}
        verdicts = self._counter("gate_verdicts", "What the tokens said to orders.", ("verdict",))
        self._verdicts = {number: verdicts.labels(name).inc for number, name in VERDICTS.items()}
        self._batch_orders = self._histogram(
            "batch_orders", "Orders that one batch of the desk settled together.", BATCH_ORDERS
        )
        self._batch_seconds = self._histogram(
            "batch_seconds", "Seconds that a batch of the desk took.", BATCH_SECONDS
        )
        self._row_lock = self._histogram(
            "row_lock_seconds",
            "Seconds until a batch held the rows of its events, a connection included.",
            BATCH_SECONDS,
        )
        self._row_lock_timeouts = self._counter(
            "row_lock_timeouts", "Transactions given up because somebody else held a row for long."
        )
        self._redis_failures = self._counter(
            "redis_failures", "Calls of the gate that Redis did not answer."
        )
        self._make_gauges()
        self.requests("POST", "/api/bookings", "2xx")

    def _make_gauges(self) -> None:
        self.queue = self._gauge("queue_orders", "Orders that wait for a batch.")
        self.queue_size = self._gauge("queue_size", "Orders that may wait; one more is told 503.")
        self.circuit_open = self._gauge(
            "gate_circuit_open", "Processes that leave Redis alone for a second, after an error."
        )
        self.processes = self._gauge("processes", "Web processes that live.")
        in_use = self._gauge("pool_in_use", "Database connections in use.", ("pool",))
        size = self._gauge("pool_size", "Database connections that may be open.", ("pool",))
        self.pool_in_use = {name: in_use.labels(name) for name in POOLS}
        self.pool_size = {name: size.labels(name) for name in POOLS}

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"utsavam_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        """Return a gauge that is summed over the live processes."""
        return Gauge(
            f"utsavam_{name}", text, labels, registry=self._registry, multiprocess_mode="livesum"
        )

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()
    ) -> Histogram:
        return Histogram(f"utsavam_{name}", text, labels, buckets=buckets, registry=self._registry)

    def requests(self, method: str, route: str, status: str) -> Callable[[float], None]:
        """Return the function that observes the seconds of such requests.

        The number of label combinations must be bounded.
        """
        observe: Callable[[float], None] = self._requests.labels(method, route, status).observe
        return observe

    def request(self, observe: Callable[[float], None], seconds: float) -> None:
        """Record a request's duration; `observe` is what `requests` returned."""
        self._later.append((observe, seconds))

    def outcome(self, name: str) -> None:
        """Record the outcome of an order; `name` is one of `OUTCOMES`."""
        self._noted.append(name)

    def write(self) -> None:
        """Write the buffered observations. Safe while other threads add more."""
        with self._writing:
            for _ in range(len(self._later)):
                count, amount = self._later.popleft()
                count(amount)
            noted = Tally(self._noted.popleft() for _ in range(len(self._noted)))
            for name, times in noted.items():
                self._outcomes[name].inc(times)

    def verdicts(self, given: Sequence[int]) -> None:
        """Record the gate's verdicts on the orders of a batch."""
        for number, inc in self._verdicts.items():
            if times := given.count(number):
                self._later.append((inc, times))

    @contextmanager
    def batch(self, orders: int) -> Iterator[None]:
        """Record a batch of so many orders, and the duration of the block."""
        self._later.append((self._batch_orders.observe, orders))
        began = time.perf_counter()
        try:
            yield
        finally:
            self._later.append((self._batch_seconds.observe, time.perf_counter() - began))

    def locked(self, seconds: float) -> None:
        """Record the seconds that a batch waited for its row locks."""
        self._later.append((self._row_lock.observe, seconds))

    def lock_timeout(self) -> None:
        self._row_lock_timeouts.inc()

    def redis_failed(self) -> None:
        self._redis_failures.inc()

    def watch(self, gauges: Mapping[Gauge, Callable[[], float]]) -> None:
        """Start a thread that each second writes the observations and sets the gauges."""

        def write_regularly() -> None:
            while True:
                try:
                    self.write()
                    for gauge, ask in gauges.items():
                        gauge.set(ask())
                except Exception:
                    log.exception("Metrics miss a second")
                time.sleep(INTERVAL)

        atexit.register(self.write)
        threading.Thread(target=write_regularly, name="metrics", daemon=True).start()
