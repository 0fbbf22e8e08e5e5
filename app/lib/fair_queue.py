"""Costly work, done aside one piece at a time, in turn between those who ask for it."""

import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Generic, ParamSpec, TypeVar, cast

from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")

NICENESS = 5
"""Of the thread that works: beside one that serves requests it gets a quarter of a full core."""

_client: ContextVar[str] = ContextVar("client", default="")
_of_thread = threading.local()


@contextmanager
def on_behalf_of(client: str) -> Iterator[None]:
    """Whose work it is that is handed in by this request: by network address, say."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


class QueueFull(Exception):
    """This client has handed in more than there is time for; nothing was done of this piece."""


class WaitedTooLong(Exception):
    """There are so many other clients that the work was not begun."""


class _Ticket(Generic[R]):
    """A piece of work, and what came of it."""

    def __init__(self, work: Callable[[], R]) -> None:
        self.done = threading.Event()
        self.is_first = True
        """Whether nothing else of its client waited when it came."""
        self._work = work
        self._result: R | None = None
        self._error: Exception | None = None

    def run(self) -> float:
        """Do the work; returns the seconds of a processor that it took."""
        began = time.thread_time()
        try:
            self._result = self._work()
        except Exception as error:
            self._error = error
        return time.thread_time() - began

    def result(self) -> R:
        if self._error is not None:
            raise self._error
        return cast("R", self._result)


class FairQueue:
    """One per process. Clients are served round robin, whatever each of them has waiting."""

    def __init__(self, *, each: int, timeout: float) -> None:
        """`each`: pieces of one client that may wait; `timeout`: seconds after which work whose
        turn has not come is given up."""
        self.share = 1.0
        """Of one core's time, at most, over any stretch longer than a piece of work."""
        self._each, self._timeout = each, timeout
        self._mutex = threading.Lock()
        self._waiting: OrderedDict[str, deque[_Ticket[object]]] = OrderedDict()
        self._served = False
        self._pool: ThreadPool | None = None

    def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Its result, or what it raises. Raises `QueueFull`, `WaitedTooLong`."""
        client, ticket = _client.get(), _Ticket(partial(work, *args, **kwargs))
        self._join(client, cast("_Ticket[object]", ticket))
        if not ticket.done.wait(self._timeout):
            self._give_up(client, cast("_Ticket[object]", ticket))
            ticket.done.wait()
        return ticket.result()

    def _join(self, client: str, ticket: _Ticket[object]) -> None:
        with self._mutex:
            queue = self._waiting.setdefault(client, deque())
            if len(queue) >= self._each:
                raise QueueFull
            ticket.is_first = not queue
            queue.append(ticket)
            if self._served:
                return
            self._served = True
        threading.Thread(target=self._serve, daemon=True).start()

    def _give_up(self, client: str, ticket: _Ticket[object]) -> None:
        """Raise why, unless its turn has come by now."""
        with self._mutex:
            queue = self._waiting.get(client)
            if queue is None or ticket not in queue:
                return
            queue.remove(ticket)
            if not queue:
                del self._waiting[client]
        raise WaitedTooLong if ticket.is_first else QueueFull

    def _serve(self) -> None:
        while ticket := self._next():
            spent = self._work_on(ticket)
            ticket.done.set()
            # What the processors have to spare is for bookings: so many processes hash at once.
            time.sleep(spent * (1 / self.share - 1))

    def _next(self) -> _Ticket[object] | None:
        """The oldest piece of the client whose turn it is, which then goes to the end."""
        with self._mutex:
            if not self._waiting:
                self._served = False
                return None
            client, queue = self._waiting.popitem(last=False)
            ticket = queue.popleft()
            if queue:
                self._waiting[client] = queue
            return ticket

    def _work_on(self, ticket: _Ticket[object]) -> float:
        if not is_module_patched("threading"):
            return _run_nicely(ticket)
        # This is a greenlet: working here would stop all requests of the process.
        if self._pool is None:
            self._pool = ThreadPool(1)
        return cast("float", self._pool.apply(_run_nicely, (ticket,)))


def _run_nicely(ticket: _Ticket[object]) -> float:
    # On Linux a thread has a niceness of its own; elsewhere it would be the process's.
    if sys.platform == "linux" and not getattr(_of_thread, "is_nice", False):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        _of_thread.is_nice = True
    return ticket.run()
