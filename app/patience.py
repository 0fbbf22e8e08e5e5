"""A PostgreSQL connection that gives up on a server which has stopped answering.

`statement_timeout` is kept by the server: a server that is frozen, or behind a network that
swallows packets, keeps none. Every request is to end, so the client has a limit of its own.
"""

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")


class PatientConnection(psycopg.Connection[Any]):
    """Waits `patience` seconds for an answer; then it is closed, and raises `OperationalError`."""

    patience = 6.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # Closed, it counts as lost: what it was about to do, nobody knows.
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"the server did not answer in {self.patience:g} s"
            ) from error
