"""Long pieces of work, done aside: under gevent they would stop all requests of their process."""

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
"""What came of the work, or why nothing did."""


def run_in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Several at once, as many as gevent's own threads."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    outcome: Outcome[R] = get_hub().threadpool.apply(_caught(work), args, kwargs)
    return _given(outcome)


class NotStarted(Exception):
    """The work waited for so long, or behind so many, that it was not begun."""


class SerialExecutor:
    """One at a time in each process: for work that takes much memory, and every core by itself."""

    def __init__(self, timeout: float, max_queue: int | None = None) -> None:
        """`max_queue` is how many may wait, each with what it holds meanwhile."""
        self._timeout = timeout
        self._max_queue = Semaphore(max_queue + 1) if max_queue is not None else None
        self._pool: ThreadPool | None = None
        self._threads: ThreadPoolExecutor | None = None

    def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises `NotStarted` when its turn comes after more than `timeout` seconds, or when the
        queue is full."""
        if self._max_queue is not None and not self._max_queue.acquire(blocking=False):
            raise NotStarted
        came = time.monotonic()

        def in_turn() -> R:
            if time.monotonic() - came > self._timeout:
                raise NotStarted
            return work(*args, **kwargs)

        try:
            outcome: Outcome[R] = self._one_thread()(_caught(in_turn))
        finally:
            if self._max_queue is not None:
                self._max_queue.release()
        return _given(outcome)

    def _one_thread(self) -> Callable[[Callable[[], Outcome[R]]], Outcome[R]]:
        """Always the same thread: the allocator keeps for each one what it has freed."""
        if is_module_patched("threading"):
            pool = self._pool = self._pool or ThreadPool(1)
            return cast("Callable[[Callable[[], Outcome[R]]], Outcome[R]]", pool.apply)
        threads = self._threads = self._threads or ThreadPoolExecutor(1)
        return lambda work: threads.submit(work).result()


def _caught(work: Callable[P, R]) -> Callable[P, Outcome[R]]:
    """gevent would log what is raised in its threads as an error that nobody caught."""

    def run(*args: P.args, **kwargs: P.kwargs) -> Outcome[R]:
        try:
            return work(*args, **kwargs), None
        except Exception as error:
            return None, error

    return run


def _given(outcome: Outcome[R]) -> R:
    done, error = outcome
    if error is not None:
        raise error
    return cast("R", done)
