"""The desk's own few database connections, which no page can use up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.config import LEDGER_POOL, Settings
from app.db import db, engine_options, listen

LEDGER = "ledger"
"""The name of their engine."""
FROZEN_AFTER_MS = 750
"""Whoever idles so long in a transaction that holds event rows is taken to be frozen."""
STATEMENT_MS = 2500


def ledger_options(settings: Settings) -> dict[str, Any]:
    """As the pages' own, but for the pool and the timeouts.

    The ledger holds event rows, and never idles in a transaction: a process that does is frozen,
    and the server ends its transaction, so that the others go on. Its connections are not asked
    whether they live before each turn: the desk tries once more, when the server has closed one.
    """
    options = engine_options(settings)
    limits = {
        "statement_timeout": STATEMENT_MS,
        "lock_timeout": 2 * FROZEN_AFTER_MS,
        "idle_in_transaction_session_timeout": FROZEN_AFTER_MS,
    }
    options["connect_args"]["options"] += "".join(f" -c {k}={v}" for k, v in limits.items())
    return {**options, "pool_size": LEDGER_POOL}


def init_app(app: Flask) -> None:
    """To be called when the database has its engines. A turn works for many requests, so its
    connections bear the name of the process and of none of these."""
    with app.app_context():
        listen(db.engines[LEDGER], STATEMENT_MS, " desk {}")


@contextmanager
def ledger_session() -> Iterator[Session]:
    """The desk's session, apart from the request's: it works for several requests."""
    with Session(db.engines[LEDGER], expire_on_commit=False) as session:
        try:
            yield session
        finally:
            if connection := session.info.pop("hurried", None):
                connection.busy_poll = False


def enable_busy_poll(session: Session) -> None:
    """From here to its end, let nobody else's work come between this session and the server."""
    connection: Any = session.connection().connection.driver_connection
    connection.busy_poll = True
    session.info["hurried"] = connection
