"""gunicorn's worker with threads, and what has waited in it too long.

A request beyond the threads waits where the desk does not see it; the desk would give it its full
patience on top. So whoever has waited long before being looked at is told at once to ask again.
"""

import threading
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker as GunicornThreadWorker

PATIENCE = 2.0
"""Seconds that a request may wait for a thread; the rest of ten is for its booking."""


class _Waited(threading.local):
    seconds = 0.0


_waited = _Waited()


class ThreadWorker(GunicornThreadWorker):  # type: ignore[misc]
    """gthread, which notes how long each request waited for its thread."""

    def enqueue_req(self, conn: Any) -> None:
        conn.enqueued = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        _waited.seconds = time.monotonic() - conn.enqueued
        return super().handle(conn)


def waited_too_long() -> bool:
    """Whether the request of this thread has; never in another kind of worker."""
    return _waited.seconds > PATIENCE
