"""Backups: a consistent snapshot of the whole database in one file, taken while seats are sold."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from app.lib.pg_programs import ProgramFailed, Programs, ProgramsMissing, Server, programs_for
from app.lib.pg_urls import libpq_url

Say = Callable[[str], None]

LOCK_TIMEOUT_MS = 10_000
COUNTED = ("events", "bookings", "users")

_PROGRESS = re.compile(r"(?:dumping contents of|processing data for) table \"public\.(\w+)\"")
_REVISION = re.compile(r"^COPY public\.alembic_version .*\n(\w+)$", re.MULTILINE)
_CREATED = re.compile(r"^;\s+Archive created at (.+)$", re.MULTILINE)
_TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SITE_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND starts_with(application_name, 'utsavam')"
)


class BackupFailed(Exception):
    """A backup or restore failed; the message says why, and what to do."""


@dataclass(frozen=True)
class Made:
    """A backup that was written and verified by reading it."""

    size: int
    """In bytes."""
    seconds: float


@dataclass(frozen=True)
class Contents:
    """The metadata of a backup."""

    created: str
    """Local time of the machine that made it, as pg_restore prints it."""
    revision: str
    """The Alembic revision of its schema."""


@dataclass(frozen=True)
class Database:
    """The current state of a database."""

    name: str
    version: int
    """The major version of the server."""
    tables: Sequence[str]
    rows: dict[str, int]
    """Row counts of the tables of `COUNTED` that exist."""
    connections: int
    """Open connections of the site's processes."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost: no tables, or freshly migrated ones without rows."""
        return not any(self.rows.values()) and (not self.tables or set(self.rows) == set(COUNTED))


def back_up(database_url: str, file: Path, say: Say, *, overwrite: bool = False) -> Made:
    """Write the database to the file, and verify it. Raises `BackupFailed`.

    Written to a temporary file and renamed when complete, so that a failed backup is never taken
    for a good one. Only its owner may read it.
    """
    if file.exists() and not overwrite:
        raise BackupFailed(f"FILE {file} is there already: name another, or say --overwrite.")
    if file.exists() and not file.is_file():
        raise BackupFailed(f"FILE {file} is no ordinary file.")
    database, began = look_at(database_url), time.monotonic()
    programs = programs_of(database)
    say(f"tables of the database {database.name}:")
    partial_file = file.with_name(f".{file.name}.part")
    try:
        partial_file.unlink(missing_ok=True)
        partial_file.touch(mode=0o600, exist_ok=False)
        _dump(programs, Server.of(database_url), partial_file, say)
        look_into(programs, partial_file)
        programs.answer("pg_restore", "--file=/dev/null", str(partial_file))  # reads every byte
        partial_file.replace(file)
    except OSError as error:
        raise BackupFailed(f"FILE {file} can't be written: {error.strerror}.") from error
    except ProgramFailed as error:
        raise BackupFailed(f"The backup broke off: {error}") from error
    finally:
        partial_file.unlink(missing_ok=True)
    return Made(file.stat().st_size, time.monotonic() - began)


def look_at(database_url: str) -> Database:
    """Inspect the database; raises `BackupFailed` when it does not answer."""
    try:
        with psycopg.connect(libpq_url(database_url), connect_timeout=10) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            connections = connection.execute(_SITE_CONNECTIONS).fetchone()
            return Database(
                name=connection.info.dbname,
                version=connection.info.server_version // 10_000,
                tables=tables,
                rows={name: _count(connection, name) for name in COUNTED if name in tables},
                connections=connections[0] if connections else 0,
            )
    except psycopg.Error as error:
        message = (str(error).strip() or "no answer").splitlines()[-1]
        raise BackupFailed(f"DATABASE_URL: the database can't be asked: {message}") from error


def programs_of(database: Database) -> Programs:
    """PostgreSQL's programs for the server's version; raises `BackupFailed` if there are none."""
    try:
        return programs_for(database.version)
    except ProgramsMissing as error:
        raise BackupFailed(str(error)) from error


def look_into(programs: Programs, file: Path) -> Contents:
    """Read the backup's metadata; raises `BackupFailed` for a file that is not our backup."""
    try:
        listed = programs.answer("pg_restore", "--list", str(file))
        options = ("--data-only", "--table=alembic_version", "--file=-", str(file))
        revision_data = programs.answer("pg_restore", *options)
    except ProgramFailed as error:
        raise BackupFailed(f"FILE {file} can't be read as a backup: {error}") from error
    created, revision = _CREATED.search(listed), _REVISION.search(revision_data)
    if "TABLE DATA public bookings " not in listed or not created or not revision:
        raise BackupFailed(f"FILE {file} is a backup of something else: it holds no bookings.")
    return Contents(created[1], revision[1])


def table_reporter(say: Say) -> Callable[[str], None]:
    """A line handler that finds the current table in the output of PostgreSQL's programs."""

    def report_table(line: str) -> None:
        if found := _PROGRESS.search(line):
            say(f"  {found[1]}")

    return report_table


def _dump(programs: Programs, server: Server, partial_file: Path, say: Say) -> None:
    """Dump one snapshot: it blocks nothing, and waits for nothing, except for a migration."""
    programs.follow(
        server,
        table_reporter(say),
        "pg_dump",
        *("--format=custom", "--no-owner", "--no-privileges", "--verbose"),
        *(f"--lock-wait-timeout={LOCK_TIMEOUT_MS}", f"--file={partial_file}"),
        f"--dbname={server.conninfo}",
    )


def _count(connection: "psycopg.Connection[tuple[int]]", table: str) -> int:
    counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(_named(table)))
    row = counted.fetchone()
    return row[0] if row else 0


def _named(table: str) -> sql.Identifier:
    return sql.Identifier("public", table)
