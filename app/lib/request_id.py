"""The name of a request, from the edge to the logs and to the database's connections."""

import random
import re
from contextvars import ContextVar

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,48}")
"""What may stand in a header, in a log line and in SQL as it is. PostgreSQL cuts
`application_name` at 63 bytes; an API token is longer than this."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that this greenlet or thread answers; empty when it answers none."""


def new_id() -> str:
    """64 random bits. They keep no secret, so they need not come from the system."""
    return f"{random.getrandbits(64):016x}"
