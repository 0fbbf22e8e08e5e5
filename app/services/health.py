"""Whether each part that the application needs is there."""

from dataclasses import dataclass
from pathlib import Path

import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking.gate import SeatGate
from app.db import db

OK = "ok"
MIGRATIONS = Path(__file__).parents[2] / "migrations"


@dataclass(frozen=True)
class Readiness:
    """Each part is `ok`, or why it is not."""

    database: str
    migrations: str
    redis: str

    @property
    def ready(self) -> bool:
        """Redis only saves work: without it everything is slower, and right."""
        return self.database == self.migrations == OK

    @property
    def status(self) -> str:
        if not self.ready:
            return "unavailable"
        return OK if self.redis == OK else "degraded"


def readiness(gate: SeatGate) -> Readiness:
    database = _database()
    migrations = _migrations() if database == OK else "unknown while the database is away"
    return Readiness(database, migrations, _redis(gate))


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except (DBAPIError, TimeoutError):
        return "does not answer; check DATABASE_URL and that PostgreSQL runs"
    return OK


def _migrations() -> str:
    """Alembic's own comparison: the head of our scripts against the database's revision."""
    # Here, so that a worker that takes another's place need not wait for it.
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    heads = set(ScriptDirectory(str(MIGRATIONS)).get_heads())
    with db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    return OK if current == heads else "not applied; run `flask db upgrade`"


def _redis(gate: SeatGate) -> str:
    try:
        gate.ping()
    except redis.RedisError:
        return "does not answer; check REDIS_URL (booking works without it, slower)"
    return OK
