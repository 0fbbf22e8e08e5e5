"""A PostgreSQL connection with a client-side timeout, and busy polling for critical sections.

`statement_timeout` is enforced by the server, which is no help if the server is frozen or the
network drops packets. Every request must end, so the client has a timeout of its own.
"""

from typing import Any, TypeVar

import psycopg
from gevent import monkey
from psycopg.abc import PQGen
from psycopg.waiting import READY_NONE, READY_R, READY_W, WAIT_R, WAIT_W

T = TypeVar("T")

BUSY_POLL_MS = 5
"""Milliseconds for which a busy-polling connection may block its process."""

# The originals of what gevent has monkey-patched.
_poll = monkey.get_original("select", "poll")
_POLLIN, _POLLOUT = (monkey.get_original("select", name) for name in ("POLLIN", "POLLOUT"))


class ServerSilent(psycopg.OperationalError):
    """The server did not answer in the client's own time."""


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that closes and raises `ServerSilent` after `timeout_s` without a reply."""

    timeout_s = 6.0
    busy_poll = False
    """While set, the process waits for each reply without running other greenlets, for up to
    `BUSY_POLL_MS`. Meant for transactions that hold contended row locks: under gevent, their
    replies would otherwise wait behind every request that arrived in the meantime."""
    opened_at = 0.0
    """`time.monotonic()` when it was opened."""

    @property
    def is_read_only(self) -> bool:
        """Whether the server last reported itself as read-only; costs no round trip."""
        parameter = self.pgconn.parameter_status
        return b"on" in (parameter(b"default_transaction_read_only"), parameter(b"in_hot_standby"))

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if self.busy_poll and monkey.is_module_patched("select"):
            gen = _busy_polled(gen, self.pgconn.socket)
        try:
            return super().wait(gen, interval, self.timeout_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # A closed connection counts as lost: the outcome of its command is unknown.
            self.pgconn.finish()
            raise ServerSilent(f"the server did not answer in {self.timeout_s:g} s") from error


def _busy_polled(gen: PQGen[T], socket: int) -> PQGen[T]:
    """Run a command by blocking for up to `BUSY_POLL_MS` per step, else by yielding to `wait`."""
    poll = _poll()
    try:
        wanted = next(gen)
        while True:
            events = (wanted & WAIT_R and _POLLIN) | (wanted & WAIT_W and _POLLOUT)
            poll.register(socket, events)
            found = dict(poll.poll(BUSY_POLL_MS)).get(socket, 0)
            ready = (found & _POLLIN and READY_R) | (found & _POLLOUT and READY_W)
            wanted = gen.send(ready if ready != READY_NONE else (yield wanted))
    except StopIteration as stop:
        result: T = stop.value
        return result
