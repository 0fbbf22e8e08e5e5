"""Metrics that the exporter looks up on a scrape, as opposed to those that workers count."""

import logging
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import redis
from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking.gate import SeatGate
from app.operations import health, mail_backlog, sale_checks

NEVER = float("-inf")
ATTEMPTS = 20
"""Maximum attempts to read the files of workers that are just starting."""

log = logging.getLogger(__name__)


@dataclass
class CollectedMetric:
    """A metric whose value is cached for `valid_for` seconds."""

    name: str
    help: str
    read: Callable[[], Iterable[tuple[str, float]]]
    valid_for: float
    """Seconds."""
    label: str | None = None
    read_at: float = NEVER
    values: list[tuple[str, float]] | None = None

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self.read_at >= self.valid_for

    def metric(self) -> Metric:
        """Return the Prometheus metric, without samples if its value could not be read."""
        labels = [self.label] if self.label else []
        family = GaugeMetricFamily(f"utsavam_{self.name}", self.help, labels=labels)
        for label_value, figure in self.values or []:
            family.add_metric([label_value] if self.label else [], figure)
        return family


class WorkerCollector(MultiProcessCollector):
    """Collects the sums of the metrics that the workers have written to their files.

    A starting worker creates its files empty and writes their headers afterwards. A read in
    between fails with `struct.error` and is repeated.
    """

    def collect(self) -> Iterable[Metric]:
        for _ in range(ATTEMPTS):
            try:
                return self._collected()
            except struct.error:
                time.sleep(0.01)
        return self._collected()

    def _collected(self) -> list[Metric]:
        return list(super().collect())  # type: ignore[no-untyped-call]


class SiteCollector(Collector):
    """Collects the metrics that the exporter itself reads from database and Redis."""

    def __init__(self, app: Flask, gate: SeatGate) -> None:
        self._app, self._gate = app, gate
        self._mutex = threading.Lock()
        self._metrics = [
            CollectedMetric(
                "ready", "Whether a part that the site needs is there.", self._ready, 5, "part"
            ),
            CollectedMetric("events_on_sale", "Events on sale, 500 at most.", self._on_sale, 15),
            CollectedMetric(
                "events_tokens_differ",
                "Events on sale whose tokens are not their counter, and stay so for a moment.",
                self._tokens_differ,
                15,
            ),
            CollectedMetric(
                "events_seats_differ",
                "Events on sale whose seats left and booked are not their capacity.",
                self._seats_differ,
                300,
            ),
            CollectedMetric(
                "mails", "Letters by state; those sent of thirty days.", self._mails, 60, "state"
            ),
            CollectedMetric(
                "mail_oldest_seconds",
                "Seconds that the oldest letter waits that nobody has tried to send.",
                self._oldest_mail,
                15,
            ),
        ]

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        with self._mutex:
            for metric in self._metrics:
                if metric is not self._metrics[0] and not self._is_database_up:
                    # Each would wait for its own timeout, and the scrape for all of them.
                    metric.values, metric.read_at = None, NEVER
                elif metric.is_due:
                    metric.values = self._read(metric)
                    metric.read_at = time.monotonic()
            metrics = [metric.metric() for metric in self._metrics]
        yield from metrics

    @property
    def _is_database_up(self) -> bool:
        return dict(self._metrics[0].values or []).get("database") == 1

    def _read(self, metric: CollectedMetric) -> list[tuple[str, float]] | None:
        with self._app.app_context():
            try:
                return list(metric.read())
            except (DBAPIError, TimeoutError, redis.RedisError) as error:
                log.warning("%s can't be told: %s", metric.name, type(error).__name__)
                return None

    def _ready(self) -> Iterable[tuple[str, float]]:
        found = health.readiness(self._gate)
        for part in ("database", "migrations", "redis"):
            yield part, getattr(found, part) == health.OK

    def _on_sale(self) -> Iterable[tuple[str, float]]:
        yield "", len(sale_checks.seats_on_sale())

    def _tokens_differ(self) -> Iterable[tuple[str, float]]:
        yield "", sale_checks.tokens_that_differ(self._gate)

    def _seats_differ(self) -> Iterable[tuple[str, float]]:
        yield "", sale_checks.seats_that_differ()

    def _mails(self) -> Iterable[tuple[str, float]]:
        found = mail_backlog.backlog()
        yield from {
            "queued": found.queued,
            "sent": found.sent,
            "given_up": found.given_up,
        }.items()

    def _oldest_mail(self) -> Iterable[tuple[str, float]]:
        yield "", mail_backlog.oldest()
