"""Threads for long computations, which under gevent would block all requests of a process."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import ParamSpec, TypeVar, cast

from gevent import get_hub
from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")
Outcome = tuple[R | None, Exception | None]
"""The work's result, or the exception it raised."""


def run_in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the work in gevent's thread pool; directly if gevent is not in use."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    outcome: Outcome[R] = get_hub().threadpool.apply(_capture_errors(work), args, kwargs)
    return _unwrap(outcome)


class NotStarted(Exception):
    """The work was not started: the queue was full or the wait too long."""


class SerialExecutor:
    """Runs one piece of work at a time per process, for work that needs much memory and CPU."""

    def __init__(self, timeout: float, max_queue: int | None = None) -> None:
        """Limit the wait to `timeout` seconds, and the queue to `max_queue` (None: unbounded)."""
        self._timeout = timeout
        self._max_queue = Semaphore(max_queue + 1) if max_queue is not None else None
        self._pool: ThreadPool | None = None
        self._threads: ThreadPoolExecutor | None = None

    def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the work and return its result.

        Raises `NotStarted` when the queue is full, or when the turn comes after `timeout` seconds.
        """
        if self._max_queue is not None and not self._max_queue.acquire(blocking=False):
            raise NotStarted
        queued_at = time.monotonic()

        def in_turn() -> R:
            if time.monotonic() - queued_at > self._timeout:
                raise NotStarted
            return work(*args, **kwargs)

        try:
            outcome: Outcome[R] = self._one_thread()(_capture_errors(in_turn))
        finally:
            if self._max_queue is not None:
                self._max_queue.release()
        return _unwrap(outcome)

    def _one_thread(self) -> Callable[[Callable[[], Outcome[R]]], Outcome[R]]:
        """Return a runner on one fixed thread: the allocator keeps freed memory per thread."""
        if is_module_patched("threading"):
            pool = self._pool = self._pool or ThreadPool(1)
            return cast("Callable[[Callable[[], Outcome[R]]], Outcome[R]]", pool.apply)
        threads = self._threads = self._threads or ThreadPoolExecutor(1)
        return lambda work: threads.submit(work).result()


def _capture_errors(work: Callable[P, R]) -> Callable[P, Outcome[R]]:
    """Return exceptions instead of raising them: gevent logs those in its threads as uncaught."""

    def run(*args: P.args, **kwargs: P.kwargs) -> Outcome[R]:
        try:
            return work(*args, **kwargs), None
        except Exception as error:
            return None, error

    return run


def _unwrap(outcome: Outcome[R]) -> R:
    result, error = outcome
    if error is not None:
        raise error
    return cast("R", result)
