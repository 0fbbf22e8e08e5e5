"""Check that PostgreSQL allows as many connections as the processes may open.

Run as a subprocess by gunicorn's master before it starts its workers: the master itself must not
import modules that its gevent workers have yet to patch. Exits with 1 when the connections are too
many, and with EX_TEMPFAIL when PostgreSQL does not answer.
"""

import os
import sys

import psycopg

from app.config import LEDGER_POOL, LOOKUP_POOL, Settings
from app.lib.pg_urls import libpq_url

OWN = LEDGER_POOL + LOOKUP_POOL
"""Connections of a process for bookings and for lookups, besides those for pages."""
METRICS_POOL = 2
"""Maximum number of connections of the exporter."""

ALLOWED = """
    SELECT sum(CASE WHEN name = 'max_connections' THEN setting::int ELSE -setting::int END)
    FROM pg_settings
    WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""


def complaint(settings: Settings) -> str | None:
    """Advice when the connection pools together are too large; None when they fit.

    None also when PostgreSQL does not answer.
    """
    needed = settings.web_concurrency * (settings.pool_size + OWN)
    if settings.metrics_port is not None:
        needed += METRICS_POOL
    allowed = _allowed(settings)
    if allowed is None or needed <= allowed:
        return None
    return (
        f"{settings.web_concurrency} processes may open {needed} database connections "
        f"({settings.pool_size} + {OWN} each), and PostgreSQL allows {allowed}: "
        "lower WEB_CONCURRENCY or DATABASE_POOL_SIZE, or raise max_connections."
    )


def _allowed(settings: Settings) -> int | None:
    try:
        with psycopg.connect(libpq_url(settings.database_url), connect_timeout=3) as connection:
            row = connection.execute(ALLOWED).fetchone()
    except psycopg.Error:
        return None  # it may start later; `/ready` and `flask doctor` report that it is down
    return int(row[0]) if row else None


if __name__ == "__main__":
    chosen = Settings.load()
    if _allowed(chosen) is None:
        sys.exit(os.EX_TEMPFAIL)
    if found := complaint(chosen):
        sys.exit(f"utsavam: {found}")
