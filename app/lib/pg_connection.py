"""A PostgreSQL connection with a client-side timeout, and busy polling for critical sections.

`statement_timeout` is kept by the server: a server that is frozen, or behind a network that
swallows packets, keeps none. Every request is to end, so the client has a limit of its own.
"""

from typing import Any, TypeVar

import psycopg
from gevent import monkey
from psycopg.abc import PQGen
from psycopg.waiting import READY_NONE, READY_R, READY_W, WAIT_R, WAIT_W

T = TypeVar("T")

BUSY_POLL_MS = 5
"""Milliseconds for which a busy-polling connection blocks its process while it waits."""

# What the process would use if gevent had not put its own in their place.
_poll = monkey.get_original("select", "poll")
_POLLIN, _POLLOUT = (monkey.get_original("select", name) for name in ("POLLIN", "POLLOUT"))


class TimeoutConnection(psycopg.Connection[Any]):
    """Waits `timeout_s` seconds for an answer; then it is closed, and raises `OperationalError`."""

    timeout_s = 6.0
    busy_poll = False
    """While set, the process waits for each answer without running other greenlets, up to
    `BUSY_POLL_MS`. For a transaction whose row locks everybody else waits for: under gevent its
    answers would otherwise wait behind every request that arrived in the meantime."""
    opened_at = 0.0
    """By the monotonic clock."""

    @property
    def is_read_only(self) -> bool:
        """As the server has said by itself with its last answer; asking costs no journey."""
        said = self.pgconn.parameter_status
        return b"on" in (said(b"default_transaction_read_only"), said(b"in_hot_standby"))

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if self.busy_poll and monkey.is_module_patched("select"):
            gen = _busy_polled(gen, self.pgconn.socket)
        try:
            return super().wait(gen, interval, self.timeout_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # Closed, it counts as lost: what it was about to do, nobody knows.
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"the server did not answer in {self.timeout_s:g} s"
            ) from error


def _busy_polled(gen: PQGen[T], socket: int) -> PQGen[T]:
    """The steps of a command, taken at once while the server is quick, else as they come."""
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
