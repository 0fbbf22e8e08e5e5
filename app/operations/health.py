"""Whether each part that the application needs is there."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError, TimeoutError

from app.booking.gate import SeatGate
from app.db import db

OK = "ok"
AWAY = "does not answer; check DATABASE_URL and that PostgreSQL runs"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
# Alembic would make a statement of its own each time, and each would push one of ours out of the
# statements that SQLAlchemy keeps compiled.
_APPLIED = text("SELECT version_num FROM alembic_version")
_CAN_WRITE = text("SELECT current_setting('transaction_read_only') = 'off'")
_IS_STANDBY = text("SELECT pg_is_in_recovery()")


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
    migrations = "unknown while the database is away" if database == AWAY else _migrations()
    return Readiness(database, migrations, _redis(gate))


def _database() -> str:
    """A connection that was opened while the server was read-only says so for a second at most:
    then the pool makes another."""
    try:
        if db.session.scalar(_CAN_WRITE):
            return OK
        standby = db.session.scalar(_IS_STANDBY)
    except (DBAPIError, TimeoutError):
        return AWAY
    if standby:
        return "is a standby, which takes no writes; check DATABASE_URL, or promote it"
    return "is read-only, so nothing can be booked; check default_transaction_read_only"


def _migrations() -> str:
    """The heads of our scripts against the database's revisions, as Alembic compares them."""
    try:
        applied = set(db.session.scalars(_APPLIED))
    except ProgrammingError:  # there is no such table: nothing was ever applied
        db.session.rollback()
        applied = set()
    return OK if applied == _heads() else "not applied; run `flask db upgrade`"


@cache
def _heads() -> set[str]:
    """Of the scripts that this process came with."""
    # Here, so that a worker that takes another's place need not wait for it.
    from alembic.script import ScriptDirectory

    return set(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _redis(gate: SeatGate) -> str:
    try:
        gate.ping()
    except redis.RedisError:
        return "does not answer; check REDIS_URL (booking works without it, slower)"
    return OK
