"""The booking desk's own database connection pool, which page requests cannot exhaust."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import LEDGER_POOL, Settings
from app.db import IDLED, db, engine_options, listen
from app.lib.pg_connection import ServerSilent

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

LEDGER = "ledger"
"""Name (bind key) of the desk's engine."""
FROZEN_AFTER_MS = 750
"""A process that idles for this long while it holds event row locks is considered frozen."""
STATEMENT_TIMEOUT_MS = 2500


KEYS_ALONE = {
    "plan_cache_mode": "force_generic_plan",
    **dict.fromkeys(
        ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"), "off"
    ),
}
"""Settings for statements that find each row by its key, and are planned once for a connection.

Planning took half of the database's work on a booking. A plan is kept for long, so it must be good
for a table that was empty when it was made: row by row through an index, never the whole table.
"""


def ledger_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the ledger's engine: those of the pages, with other limits.

    The ledger holds event row locks and never idles in a transaction. A process that does is
    frozen, and the server ends its transaction so that others can proceed. Connections are not
    pinged before each batch: the desk retries once when the server has closed one.
    """
    options = engine_options(settings)
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "lock_timeout": 2 * FROZEN_AFTER_MS,
        "idle_in_transaction_session_timeout": FROZEN_AFTER_MS,
        **KEYS_ALONE,
    }
    return {**with_settings(options, limits), "pool_size": LEDGER_POOL}


def with_settings(options: dict[str, Any], settings: Mapping[str, object]) -> dict[str, Any]:
    """Return an engine's options for connections that also have these settings of PostgreSQL."""
    known = options["connect_args"]
    added = "".join(f" -c {name}={value}" for name, value in settings.items())
    return {**options, "connect_args": {**known, "options": known["options"] + added}}


def init_app(app: Flask) -> None:
    """Configure the ledger's engine. Call it after `db.init_app`, which creates the engines.

    A batch serves many requests, so its connections carry the process id, not a request id.
    """
    with app.app_context():
        listen(db.engines[LEDGER], STATEMENT_TIMEOUT_MS, " desk {}")


def was_ended(error: DBAPIError) -> bool:
    """Return whether the server ended the transaction for idling under row locks.

    That is meant for frozen processes, but may meet one that got no processor time. Nothing was
    committed, so the transaction can be run again. The server says why and closes the connection;
    if a statement was under way to it then, the client's system may drop what it said. A COMMIT
    that was cut off is in doubt and never ends here.
    """
    sqlstate: str | None = getattr(error.orig, "sqlstate", None)
    if sqlstate is None and not isinstance(error.orig, ServerSilent):
        return error.connection_invalidated and error.statement is not None
    return sqlstate == IDLED


def retry_if_ended(use_case: Callable[P, T]) -> Callable[P, T]:
    """Run a use case that is one transaction under row locks once more if the server ended it."""

    @wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return use_case(*args, **kwargs)
        except DBAPIError as error:
            if not was_ended(error):
                raise
        log.warning("The server ended a transaction that idled; it is run again")
        return use_case(*args, **kwargs)

    return run


@contextmanager
def ledger_session() -> Iterator[Session]:
    """Open a session on the ledger's engine, separate from the request's own session."""
    with Session(db.engines[LEDGER], expire_on_commit=False) as session:
        try:
            yield session
        finally:
            if connection := session.info.pop("busy_poll", None):
                connection.busy_poll = False


def enable_busy_poll(session: Session) -> None:
    """Busy-poll the session's connection until the session ends.

    Other greenlets then cannot delay a transaction that holds row locks.
    """
    connection: Any = session.connection().connection.driver_connection
    connection.busy_poll = True
    session.info["busy_poll"] = connection
