"""Metrics of requests, the desk, the gate and the connection pools, if enabled."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import QueuePool
from werkzeug.wsgi import ClosingIterator

from app.booking.connections import LEDGER
from app.config import Settings
from app.db import db
from app.edge.request_ids import route_of
from app.services.lookups import LOOKUPS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from app.metrics import Metrics

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
STATUSES = {"503": "503"}
"""Statuses with a label of their own: 503 is temporary, not a defect as other 5xx are."""


def init_app(app: Flask, settings: Settings) -> "Metrics | None":
    """Start counting, or return None unless metrics are on and gunicorn set up their folder."""
    if settings.metrics_port is None or settings.prometheus_multiproc_dir is None:
        return None
    # Imported here, to save the import where metrics are off.
    from app.metrics import Metrics

    metrics = Metrics()
    desk = app.extensions["desk"]
    desk.metrics = desk.gate.metrics = metrics
    with app.app_context():
        pools: dict[str, Any] = {
            "pages": db.engine.pool,
            "desk": db.engines[LEDGER].pool,
            "lookups": db.engines[LOOKUPS].pool,
        }
    gauges = {
        metrics.processes: lambda: 1.0,
        metrics.queue: lambda: desk.waiting,
        metrics.queue_size: lambda: settings.booking_queue_size,
        metrics.circuit_open: lambda: not desk.gate.available,
    }
    for name, pool in pools.items():
        if isinstance(pool, QueuePool):
            gauges[metrics.pool_in_use[name]] = pool.checkedout
            gauges[metrics.pool_size[name]] = pool.size
    metrics.watch(gauges)
    return metrics


class RequestMetrics:
    """WSGI middleware that counts and times requests.

    A streamed response is counted when it starts, and once more as an error when it breaks off.
    """

    def __init__(self, inner: "WSGIApplication", metrics: "Metrics") -> None:
        self._inner, self._metrics = inner, metrics
        self._observers: dict[tuple[str, str | None, str], Callable[[float], None]] = {}
        """Cached observers by labels; looking one up takes as long as counting."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        route, status = None, "500"

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal route, status
            route, status = route_of(environ), line[:3]
            return start_response(line, headers, *error)

        try:
            answer = self._inner(environ, start)
            # Complete responses are lists, as on the fast path; others may still fail.
            if isinstance(answer, list):
                return answer
            closes = getattr(answer, "close", None)
            broken = partial(self._count, environ["REQUEST_METHOD"], route, "500", started)
            return ClosingIterator(_whole(answer, broken), closes)
        finally:
            self._count(environ["REQUEST_METHOD"], route, status, started)

    def _count(self, method: str, route: str | None, status: str, started: float) -> None:
        seconds = time.perf_counter() - started
        labels = method, route, status
        self._metrics.request(self._observers.get(labels) or self._observer(*labels), seconds)

    def _observer(self, method: str, route: str | None, status: str) -> Callable[[float], None]:
        """Return the observer for these labels.

        Their number is bounded, as clients may invent URLs and methods.
        """
        observe = self._metrics.requests(
            method if method in METHODS else "other",
            route or "none",
            STATUSES.get(status) or f"{status[0]}xx",
        )
        if route is not None:
            self._observers[method, route, status] = observe
        return observe


def _whole(answer: Iterable[bytes], broken: Callable[[], None]) -> Iterable[bytes]:
    """Yield the response, and call `broken` when it fails midway."""
    try:
        yield from answer
    except Exception:
        broken()
        raise
