"""Readiness of the parts that the application needs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import redis
from redis.sentinel import MasterNotFoundError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError, TimeoutError

from app.booking.gate import SeatGate
from app.db import db

OK = "ok"
REDIS_AWAY = "does not answer; check REDIS_URL (booking works without it, slower)"
REFUSALS = {
    redis.ReadOnlyError: "is a replica, which takes no writes; check REDIS_URL, or promote it",
    redis.OutOfMemoryError: "is full; raise maxmemory, or let it evict keys (maxmemory-policy)",
    redis.AuthenticationError: "refuses our password; check REDIS_URL",
    redis.exceptions.NoPermissionError: "allows our user no writes; check its ACL",
    redis.BusyLoadingError: "is loading its data; wait",
    MasterNotFoundError: "is not known to a Sentinel that answers; check REDIS_URL",
}
"""What Redis says when it answers but stores nothing, and what to do."""
AWAY = "does not answer; check DATABASE_URL and that PostgreSQL runs"
POOLER = (
    "is behind a pooler that drops our time limits; name PostgreSQL itself in DATABASE_URL: each "
    "process keeps its few connections open anyway"
)
MIGRATIONS = Path(__file__).parents[2] / "migrations"
# Alembic would build a new statement each time, and each would evict one of ours from SQLAlchemy's
# cache of compiled statements.
_APPLIED = text("SELECT version_num FROM alembic_version")
_CAN_WRITE = text("SELECT current_setting('transaction_read_only') = 'off'")
_HAS_LIMITS = text("SELECT current_setting('lock_timeout') <> '0'")
_IS_STANDBY = text("SELECT pg_is_in_recovery()")


@dataclass(frozen=True)
class Readiness:
    """For each part `ok`, or what is wrong with it."""

    database: str
    migrations: str
    redis: str

    @property
    def ready(self) -> bool:
        """Whether the site can serve; without Redis it is slower, but correct."""
        return self.database == self.migrations == OK

    @property
    def status(self) -> str:
        if not self.ready:
            return "unavailable"
        return OK if self.redis == OK else "degraded"


def readiness(gate: SeatGate) -> Readiness:
    """Check the database, its migrations and Redis now."""
    database = _database()
    away = database in {AWAY, POOLER}
    migrations = "unknown while the database is away" if away else _migrations()
    return Readiness(database, migrations, _redis(gate))


def _database() -> str:
    """A connection opened while the server was read-only reports that for a second at most: then
    the pool replaces it."""
    try:
        if not db.session.scalar(_HAS_LIMITS):
            return POOLER
        if db.session.scalar(_CAN_WRITE):
            return OK
        standby = db.session.scalar(_IS_STANDBY)
    except (DBAPIError, TimeoutError) as error:
        # In PgBouncer's own words, which it has for no other fault.
        return POOLER if "unsupported startup parameter" in str(error) else AWAY
    if standby:
        return "is a standby, which takes no writes; check DATABASE_URL, or promote it"
    return "is read-only, so nothing can be booked; check default_transaction_read_only"


def _migrations() -> str:
    """Compare the database's revisions with the heads of our scripts, as Alembic does."""
    try:
        applied = set(db.session.scalars(_APPLIED))
    except ProgrammingError:  # no such table: no migration was ever applied
        db.session.rollback()
        applied = set()
    return OK if applied == _heads() else "not applied; run `flask db upgrade`"


@cache
def _heads() -> set[str]:
    """The heads of the migration scripts of this installation."""
    # Imported lazily, so that a replacement worker starts faster.
    from alembic.script import ScriptDirectory

    return set(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _redis(gate: SeatGate) -> str:
    """Redis is well when it takes a write: the gate writes with every call."""
    try:
        gate.check()
    except redis.ConnectionError as error:
        # redis-py counts a refused password, and a wait for loading, as a failed connection.
        known = isinstance(error, tuple(REFUSALS))
        return _refused_write(error) if known else REDIS_AWAY
    except redis.ResponseError as error:
        return _refused_write(error)
    except redis.RedisError:
        return REDIS_AWAY
    return OK


def _refused_write(error: redis.RedisError) -> str:
    findings = (finding for kind, finding in REFUSALS.items() if isinstance(error, kind))
    finding = next(findings, "refuses writes; look at its log")
    return f"{finding} (booking works without it, slower)"
