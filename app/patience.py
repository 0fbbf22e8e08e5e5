"""A PostgreSQL connection that gives up on a server that has stopped answering, and can hurry.

`statement_timeout` is kept by the server: a server that is frozen, or behind a network that
swallows packets, keeps none. Every request is to end, so the client has a limit of its own.
"""

from typing import Any, TypeVar

import psycopg
from gevent import monkey
from psycopg.abc import PQGen
from psycopg.waiting import READY_NONE, READY_R, READY_W, WAIT_R, WAIT_W

T = TypeVar("T")

HURRY_MS = 5
"""Milliseconds for which a hurried connection keeps its whole process waiting for one answer."""

# What the process would use if gevent had not put its own in their place.
_poll = monkey.get_original("select", "poll")
_POLLIN, _POLLOUT = (monkey.get_original("select", name) for name in ("POLLIN", "POLLOUT"))


class PatientConnection(psycopg.Connection[Any]):
    """Waits `patience` seconds for an answer; then it is closed, and raises `OperationalError`."""

    patience = 6.0
    hurried = False
    """While set, nobody else's work is done between a statement and its answer, if that comes
    soon. Whoever holds rows that all the others wait for is hurried: under gevent, the answer
    would else wait until every request that has come meanwhile had its turn."""
    opened_at = 0.0
    """By the monotonic clock."""

    @property
    def is_read_only(self) -> bool:
        """As the server has said by itself with its last answer; asking costs no journey."""
        said = self.pgconn.parameter_status
        return b"on" in (said(b"default_transaction_read_only"), said(b"in_hot_standby"))

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if self.hurried and monkey.is_module_patched("select"):
            gen = _hastened(gen, self.pgconn.socket)
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # Closed, it counts as lost: what it was about to do, nobody knows.
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"the server did not answer in {self.patience:g} s"
            ) from error


def _hastened(gen: PQGen[T], socket: int) -> PQGen[T]:
    """The steps of a command, taken at once while the server is quick, else as they come."""
    poll = _poll()
    try:
        wanted = next(gen)
        while True:
            events = (wanted & WAIT_R and _POLLIN) | (wanted & WAIT_W and _POLLOUT)
            poll.register(socket, events)
            found = dict(poll.poll(HURRY_MS)).get(socket, 0)
            ready = (found & _POLLIN and READY_R) | (found & _POLLOUT and READY_W)
            wanted = gen.send(ready if ready != READY_NONE else (yield wanted))
    except StopIteration as stop:
        result: T = stop.value
        return result
