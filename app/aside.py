"""Long pieces of work, done aside: under gevent they would stop all requests of their process."""

from collections.abc import Callable
from functools import cache
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


def one_by_one(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """One at a time in each process: for work that takes much memory, and every core by itself."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    done: R = _single().apply(work, args, kwargs)
    return done


@cache
def _single() -> ThreadPool:
    return ThreadPool(1)
