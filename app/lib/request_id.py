"""The request id, used in headers, logs and the names of database connections."""

import random
import re
from contextvars import ContextVar

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,48}")
"""Ids that are safe unescaped in a header, a log line and SQL. PostgreSQL truncates
`application_name` to 63 bytes, and API tokens are longer than 48 characters."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this greenlet or thread serves; empty outside of requests."""


def new_id() -> str:
    """Return 64 random bits in hex; not a secret, so not from the system's secure source."""
    return f"{random.getrandbits(64):016x}"
