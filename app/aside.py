"""Long pieces of work, done aside: under gevent they would stop all requests of their process."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Several at once, as many as gevent's own threads."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    done: R = get_hub().threadpool.apply(work, args, kwargs)
    return done


class Full(Exception):
    """So many wait already that one more would wait for too long."""


class Single:
    """One at a time in each process: for work that takes much memory, and every core by itself."""

    def __init__(self, room: int) -> None:
        self._room, self._inside = room, 0
        self._pool: ThreadPool | None = None

    def do(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises `Full` when more than `room` would wait."""
        if not is_module_patched("threading"):
            return work(*args, **kwargs)
        if self._inside > self._room:
            raise Full
        if self._pool is None:
            self._pool = ThreadPool(1)
        self._inside += 1
        try:
            done: R = self._pool.apply(work, args, kwargs)
        finally:
            self._inside -= 1
        return done
