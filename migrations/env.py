"""Alembic's environment: our models against the database of `DATABASE_URL`."""

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine

from app import models  # noqa: F401 - the models register themselves
from app.db import db

MIGRATION_LOCK = 8_102_026


def run_offline() -> None:
    context.configure(
        url=str(db.engine.url), target_metadata=db.metadata, literal_binds=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    # A connection of its own: the application's are held to timeouts that a migration may need
    # longer than.
    engine = create_engine(db.engine.url, poolclass=NullPool)
    with engine.connect() as connection:
        # Several processes may start at once; one migrates, the others wait and find it done.
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            **{"compare_server_default": True, **current_app.extensions["migrate"].configure_args},
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
            connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
