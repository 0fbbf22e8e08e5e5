"""The database: the session, the naming convention, and the one way to write."""

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
from app.lib.request_id import request_id

log = logging.getLogger(__name__)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


ALIKE = 0.4
"""How much of a misspelt word must be right for a search: "consert" finds a concert."""
NAME = "utsavam"
"""How PostgreSQL knows our connections, as the beginning of `application_name`."""
READ_ONLY = "25006"
"""SQLSTATE of a write that the server refuses: it is a standby, or told to be read-only."""
OF_NO_USE = {READ_ONLY, "57P01", "57P02", "57P03", "57P04", "57P05"}
"""SQLSTATEs after which a connection is never used again: the server ends it, or may have handed
its part on to another (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
READ_ONLY_FOR = 1.0
"""Seconds for which a connection may be read-only; then another is made in its place."""

# Objects are read after the commit that made them: templates and payloads show them.
db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})


def engine_options(settings: Settings) -> dict[str, Any]:
    """Pool and timeouts: no statement outlives the ten seconds that a request may take."""
    limits = {
        "lock_timeout": settings.lock_timeout_ms,
        "statement_timeout": settings.statement_timeout_ms,
        "idle_in_transaction_session_timeout": settings.statement_timeout_ms,
        "timezone": "UTC",
        "pg_trgm.word_similarity_threshold": ALIKE,
    }
    return {
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout,
        # What people typed stands in no error, and so in no log.
        "hide_parameters": True,
        "connect_args": {
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            "connect_timeout": 3,
            # Also of a server that was set up without an encoding of its own.
            "client_encoding": "utf8",
        },
    }


def init_app(
    app: Flask, settings: Settings, binds: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """`binds` are engines that others have besides the pages' own, with their options."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    app.config["SQLALCHEMY_BINDS"] = {
        name: {"url": settings.database_url, **options} for name, options in (binds or {}).items()
    }
    db.init_app(app)
    # Registered after the extension's own, so that it comes before.
    app.teardown_appcontext(_end_reading)
    with app.app_context():
        listen(db.engine, settings.statement_timeout_ms)
        event.listen(db.engine, "checkout", _name_the_request)


def listen(engine: Engine, statement_timeout_ms: int, part: str = "") -> None:
    """Have the engine's connections give up on a server that no longer answers, bear our name with
    this part, in which `{}` is the process, and leave the pool when they are of no use any more."""
    event.listen(engine, "do_connect", _connect_with(statement_timeout_ms, part))
    event.listen(engine, "handle_error", _give_up_what_is_of_no_use)


def _give_up_what_is_of_no_use(context: ExceptionContext) -> None:
    """Count a refusal that would come again on this connection as its end.

    A session keeps the `default_transaction_read_only` that it began with, so one that was opened
    while the server was read-only would refuse every write for ever. The whole pool goes with it.
    """
    if getattr(context.original_exception, "sqlstate", None) in OF_NO_USE:
        context.is_disconnect = True


def in_doubt(error: DBAPIError) -> bool:
    """Whether a COMMIT that ended in this error may have been carried out all the same."""
    return error.connection_invalidated and getattr(error.orig, "sqlstate", None) != READ_ONLY


def _end_reading(_error: BaseException | None) -> None:
    """All that was to be written is committed by now: that a connection broke after the last
    reading is no reason to withhold the answer that was made of it."""
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except DBAPIError as error:
        log.warning("A connection broke after it was read from: %s", type(error).__name__)
        db.session().invalidate()


def _connect_with(statement_timeout_ms: int, part: str = "") -> Callable[..., TimeoutConnection]:
    """Connections that outwait the server's own timeout by a little, and no more."""

    class Limited(TimeoutConnection):
        timeout_s = statement_timeout_ms / 1000 + 0.5

    def connect(_dialect: Any, _record: Any, args: Any, options: Any) -> TimeoutConnection:
        options["application_name"] = NAME + part.format(os.getpid())
        connection = Limited.connect(*args, **options)
        connection.opened_at = time.monotonic()
        return connection

    return connect


def _name_the_request(connection: TimeoutConnection, _record: Any, _fairy: Any) -> None:
    """Begin the transaction with the request's name, for `pg_stat_activity`.

    It goes with the transaction. The pool would ask each connection whether it lives before
    handing it out; this is asked in that question's place, so it costs no journey of its own.
    """
    ident = request_id.get()
    name = f"{NAME}/{ident}" if ident else NAME
    try:
        with connection.cursor() as cursor:
            # Never the same text twice: prepared, it would push out what is.
            cursor.execute(f"SET LOCAL application_name = '{name}'", prepare=False)
    except psycopg.Error as error:
        raise InvalidatePoolError from error
    # What is read-only serves readers, so while the server is nobody is turned away; and a new
    # connection each second finds out when it is no longer.
    if connection.is_read_only and time.monotonic() - connection.opened_at > READ_ONLY_FOR:
        raise InvalidatePoolError


@contextmanager
def transaction() -> Iterator[Session]:
    """One use case, one transaction: commits at the end of the block, rolls back on an error.

    Raises `RuntimeError` when nested, or when something was changed before the block: a change
    outside a visible transaction would be committed by accident. Raises `OutcomeUnknown` when
    COMMIT was sent and its answer lost.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transactions do not nest")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside of a transaction")
    # An earlier read has opened a transaction; the snapshot it saw must not reach into ours.
    session.commit()
    session.info["writing"] = True
    try:
        yield session
        session.flush()  # a refusal of the database is certain here, and in doubt at COMMIT
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
