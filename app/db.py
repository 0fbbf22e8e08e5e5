"""The database: session, naming convention, engine options and the write transaction."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, ExceptionContext, MetaData, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session

from app.config import Settings
from app.errors import OutcomeUnknown
from app.lib.pg_connection import TimeoutConnection
from app.lib.pg_urls import engine_url, in_order
from app.lib.request_id import request_id

log = logging.getLogger(__name__)

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


WORD_SIMILARITY = 0.4
"""Word similarity (pg_trgm) that a search accepts: "consert" finds "concert"."""
APPLICATION_NAME = "utsavam"
"""Prefix of our connections' `application_name`."""
READ_ONLY = "25006"
"""SQLSTATE of a write refused by a server that is a standby or set to read-only."""
IDLED = "25P03"
"""SQLSTATE of a transaction that the server ended because it idled too long."""
INVALIDATING_STATES = {READ_ONLY, "57P01", "57P02", "57P03", "57P04", "57P05"}
"""SQLSTATEs that invalidate a connection: the server closes it, or may have failed over to another
server (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
READ_ONLY_FOR = 1.0
"""Age in seconds after which a read-only connection is replaced with a new one."""

# Templates and payloads read objects after the commit that wrote them.
db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return pool size and timeouts; no statement may exceed the ten seconds of a request."""
    limits = {
        "lock_timeout": settings.lock_timeout_ms,
        "statement_timeout": settings.statement_timeout_ms,
        "idle_in_transaction_session_timeout": settings.statement_timeout_ms,
        "timezone": "UTC",
        "pg_trgm.word_similarity_threshold": WORD_SIMILARITY,
    }
    return {
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout,
        # Keeps user input out of error messages, and so out of logs.
        "hide_parameters": True,
        "connect_args": {
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            "connect_timeout": 3,
            # Needed where the server was initialised without an encoding (SQL_ASCII).
            "client_encoding": "utf8",
        },
    }


def init_app(
    app: Flask, settings: Settings, binds: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Set up the database; `binds` maps names of further engines to their options."""
    url = engine_url(settings.database_url)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    app.config["SQLALCHEMY_BINDS"] = {
        name: {"url": url, **options} for name, options in (binds or {}).items()
    }
    db.init_app(app)
    # Registered after the extension's own teardown function, so it runs before that.
    app.teardown_appcontext(_end_read_transaction)
    with app.app_context():
        listen(db.engine, settings.statement_timeout_ms)
        event.listen(db.engine, "checkout", _set_application_name)


def listen(engine: Engine, statement_timeout_ms: int, part: str = "") -> None:
    """Give the engine's connections a client-side timeout, a name, and invalidation on errors.

    `part` is appended to `application_name`; `{}` in it stands for the process id.
    """
    event.listen(engine, "do_connect", _connector(statement_timeout_ms, part))
    event.listen(engine, "handle_error", _invalidate_unusable_connection)


def _invalidate_unusable_connection(context: ExceptionContext) -> None:
    """Treat an error that would recur on this connection as a disconnect.

    A session keeps the `default_transaction_read_only` it started with, so one opened while the
    server was read-only would refuse all writes for ever. This invalidates the whole pool.
    """
    if getattr(context.original_exception, "sqlstate", None) in INVALIDATING_STATES:
        context.is_disconnect = True


def in_doubt(error: DBAPIError) -> bool:
    """Return whether a COMMIT that raised this error may nevertheless have succeeded."""
    certain = {READ_ONLY, IDLED}
    return error.connection_invalidated and getattr(error.orig, "sqlstate", None) not in certain


def _end_read_transaction(_error: BaseException | None) -> None:
    """Roll the request's read transaction back, tolerating a broken connection.

    All writes are committed by now; a connection that broke after the last read is no reason to
    fail the response.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except DBAPIError as error:
        log.warning("A connection broke after it was read from: %s", type(error).__name__)
        db.session().invalidate()


def _connector(statement_timeout_ms: int, part: str = "") -> Callable[..., TimeoutConnection]:
    """Return a connect function whose timeout is half a second above the server's own."""

    class Limited(TimeoutConnection):
        timeout_s = statement_timeout_ms / 1000 + 0.5

    last: tuple[str, str] | None = None
    """Host and port that answered last, of several."""

    def connect(_dialect: Any, _record: Any, args: Any, options: Any) -> TimeoutConnection:
        nonlocal last
        options["application_name"] = APPLICATION_NAME + part.format(os.getpid())
        if "," in options.get("host", ""):
            # The others may be frozen, and each would take seconds to be given up.
            hosts, ports = in_order(options["host"], options["port"], last)
            options |= {"host": hosts, "port": ports}
        connection = Limited.connect(*args, **options)
        last = connection.info.host, str(connection.info.port)
        connection.opened_at = time.monotonic()
        return connection

    return connect


def _set_application_name(connection: TimeoutConnection, _record: Any, _fairy: Any) -> None:
    """Set `application_name` to the request id for the transaction, for `pg_stat_activity`.

    This replaces the pool's pre-ping, so it costs no extra round trip.
    """
    ident = request_id.get()
    name = f"{APPLICATION_NAME}/{ident}" if ident else APPLICATION_NAME
    try:
        with connection.cursor() as cursor:
            # The text differs each time: prepared, it would evict other prepared statements.
            cursor.execute(f"SET LOCAL application_name = '{name}'", prepare=False)
    except psycopg.Error as error:
        raise InvalidatePoolError from error
    # A read-only connection still serves reads, so no request is refused. Replacing it every
    # second detects when the server accepts writes again.
    if connection.is_read_only and time.monotonic() - connection.opened_at > READ_ONLY_FOR:
        raise InvalidatePoolError


@contextmanager
def transaction() -> Iterator[Session]:
    """Run a use case in one transaction: commit at the end of the block, roll back on an error.

    Raises `RuntimeError` when nested, or when objects were changed before the block: they would be
    committed by accident. Raises `OutcomeUnknown` when COMMIT was sent and its reply lost.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transactions do not nest")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside of a transaction")
    # End the transaction that an earlier read has opened: its snapshot must not be reused here.
    session.commit()
    session.info["writing"] = True
    try:
        yield session
        session.flush()  # an error here is certain; at COMMIT it would be in doubt
        _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if in_doubt(error):
            raise OutcomeUnknown from error
        raise
