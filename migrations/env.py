"""Alembic's environment: our models against the database of `DATABASE_URL`."""

import time

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine

from app import models  # noqa: F401 - the models register themselves
from app.db import db

MIGRATION_LOCK = 8_102_026
ASK_AGAIN_AFTER = 0.2
LOCK_TIMEOUT = "5s"
"""Behind a migration that waits for a table everybody waits: it gives up, and is run again."""


def run_offline() -> None:
    context.configure(
        url=str(db.engine.url),
        target_metadata=db.metadata,
        literal_binds=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    # A connection of its own: the application's are held to timeouts that a migration may need
    # longer than.
    engine = create_engine(db.engine.url, poolclass=NullPool)
    with engine.connect() as connection:
        _wait_for_our_turn(connection)
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            # Each holds its locks until its own end, and may work outside of a transaction.
            transaction_per_migration=True,
            **{"compare_server_default": True, **current_app.extensions["migrate"].configure_args},
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
            connection.commit()


def _wait_for_our_turn(connection) -> None:
    """Several processes may start at once; one migrates, the others wait and find it done.

    They ask again and again: one statement that waits would hold up `CREATE INDEX CONCURRENTLY`,
    which waits for whoever is at work already.
    """
    asked = f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})"
    while not connection.exec_driver_sql(asked).scalar():
        connection.commit()
        time.sleep(ASK_AGAIN_AFTER)
    connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
