"""A queue for CPU-heavy work: one item at a time in a thread, round robin between clients."""

import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Generic, ParamSpec, TypeVar, cast

from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
R = TypeVar("R")

WEIGHT = 0.2
"""Of the newest unit of work in the average of how long they take."""
NICENESS = 5
"""Of the worker thread: next to one that serves requests, it gets a quarter of a busy core."""

_client: ContextVar[str] = ContextVar("client", default="")
_thread_state = threading.local()


@contextmanager
def on_behalf_of(client: str) -> Iterator[None]:
    """Set the client whose work is submitted in this context, for example its network address."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


class QueueFull(Exception):
    """This client has too much queued work already; the work was not started."""


class WaitedTooLong(Exception):
    """The work was not started in time, because of other clients' work."""


class _Ticket(Generic[R]):
    """A unit of work and its result."""

    def __init__(self, work: Callable[[], R]) -> None:
        self.done = threading.Event()
        self.is_first = True
        """Whether its client had nothing else queued when it was added."""
        self._work = work
        self._result: R | None = None
        self._error: Exception | None = None

    def run(self) -> float:
        """Do the work, and return the CPU seconds that it took."""
        began = time.thread_time()
        try:
            self._result = self._work()
        except Exception as error:
            self._error = error
        return time.thread_time() - began

    def fail(self, error: Exception) -> None:
        """Have `result` raise this: the work could not be done at all."""
        self._error = error

    def result(self) -> R:
        if self._error is not None:
            raise self._error
        return cast("R", self._result)


class FairQueue:
    """Serves clients round robin, however much each has queued; one instance per process."""

    def __init__(self, *, each: int, timeout: float) -> None:
        """Limit the queue to `each` items per client, and the wait for a start to `timeout` s."""
        self.share = 1.0
        """Maximum share of one core's time, over any period longer than one unit of work."""
        self._each, self._timeout = each, timeout
        self._mutex = threading.Lock()
        self._waiting: OrderedDict[str, deque[_Ticket[object]]] = OrderedDict()
        self._served = False
        self._seconds = 0.0
        """Of a unit of work and the rest after it, on average."""
        self._pool: ThreadPool | None = None

    def is_hopeless(self, client: str) -> bool:
        """Whether work of this client would wait too long for a start: each of the others' has its
        turn before it. Who has work in the queue already is refused by `run` alone."""
        others = len(self._waiting)
        return client not in self._waiting and others * self._seconds > self._timeout

    def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do the work when its turn comes; return its result, or raise its exception.

        Raises `QueueFull` when the client has too much queued, and `WaitedTooLong` when other
        clients' work took longer than the timeout, or certainly will.
        """
        client, ticket = _client.get(), _Ticket(partial(work, *args, **kwargs))
        self._join(client, cast("_Ticket[object]", ticket))
        if not ticket.done.wait(self._timeout):
            self._give_up(client, cast("_Ticket[object]", ticket))
            ticket.done.wait()
        return ticket.result()

    def _join(self, client: str, ticket: _Ticket[object]) -> None:
        if self.is_hopeless(client):
            raise WaitedTooLong
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
        """Withdraw the ticket and raise the reason, unless its turn has come meanwhile."""
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
            began, spent = time.monotonic(), 0.0
            try:
                spent = self._work_on(ticket)
            except Exception as error:
                ticket.fail(error)
            finally:
                ticket.done.set()
            # Several processes hash at once: leave the rest of the CPU time to bookings.
            time.sleep(spent * (1 / self.share - 1))
            took = time.monotonic() - began
            self._seconds += WEIGHT * (took - self._seconds) if self._seconds else took

    def _next(self) -> _Ticket[object] | None:
        """Take the oldest ticket of the next client, and move that client to the end."""
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
            return _run_at_low_priority(ticket)
        # This is a greenlet: working here would block all requests of the process.
        if self._pool is None:
            self._pool = ThreadPool(1)
        return cast("float", self._pool.apply(_run_at_low_priority, (ticket,)))


def _run_at_low_priority(ticket: _Ticket[object]) -> float:
    # Only on Linux is niceness set per thread; elsewhere it would apply to the whole process.
    if sys.platform == "linux" and not getattr(_thread_state, "is_nice", False):
        thread = threading.get_native_id()
        # A process that is nicer already must not become less so, which needs a privilege.
        with suppress(OSError):
            nicer = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, nicer)
        _thread_state.is_nice = True
    return ticket.run()
