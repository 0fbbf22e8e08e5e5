"""Replace the contents of a database with a backup.

A restore takes the database back in time, while Redis, the caches of processes and API clients may
hold later data. So every event gets a new incarnation in the same transaction, and tokens and
published counts from before the restore never match.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, cast

from app.lib.pg_programs import Programs, Server, last_of
from app.operations.backup import BackupFailed, Say, table_reporter

SKIPPED_IDS = 1_000_000
"""Ids to skip after a restore: one issued after the backup must never name another booking."""
CHUNK = 1 << 20

_BEFORE = """
BEGIN;
SET LOCAL lock_timeout = '5s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
_AFTER = """
UPDATE public.events SET incarnation = (random() * 281474976710655)::bigint;
DELETE FROM public.sign_ins;
SELECT setval(ids::regclass, nextval(ids::regclass) + {skipped})
FROM unnest(ARRAY['public.users', 'public.events', 'public.bookings']) AS numbered,
     pg_get_serial_sequence(numbered, 'id') AS ids;
ANALYZE public.users, public.events, public.bookings;
COMMIT;
"""


def restore(
    programs: Programs, database_url: str, file: Path, say: Say, *, skipped_ids: int = SKIPPED_IDS
) -> float:
    """Replace everything in the database with the backup; returns the seconds it took.

    Runs in one transaction, so that a failure leaves the database unchanged. Every event gets a
    new incarnation, everybody is signed out, and `skipped_ids` ids are skipped. Raises
    `BackupFailed`.
    """
    began = time.monotonic()
    server = Server.of(database_url)
    options = ("--no-owner", "--no-privileges", "--no-comments", "--verbose", "--file=-", str(file))
    into = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={server.conninfo}")
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", errors="replace") as stderr,
        subprocess.Popen(
            programs.command("pg_restore", *options), stdout=pipe, stderr=pipe
        ) as source,
        subprocess.Popen(
            programs.command("psql", *into),
            env=server.environment,
            stdin=pipe,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as sink,
    ):
        all_read, messages = _pipe(
            source, sink, _AFTER.format(skipped=int(skipped_ids)), table_reporter(say)
        )
        stderr.seek(0)
        errors = stderr.read().splitlines()
    if all_read and source.returncode:
        raise BackupFailed(
            f"The database is as it was; FILE {file} is damaged: {last_of(messages)}"
        )
    if sink.returncode:
        raise BackupFailed(f"The database is as it was; it refused: {last_of(errors)}")
    return time.monotonic() - began


def _pipe(
    source: "subprocess.Popen[bytes]",
    sink: "subprocess.Popen[bytes]",
    after: str,
    report_table: Callable[[str], None],
) -> tuple[bool, list[str]]:
    """Pipe one program into the other. COMMIT is sent only after all of the source's output, as
    `psql` can't tell a pipe that ends early from a complete one. Returns whether the sink read
    everything, and the source's messages."""
    messages: list[str] = []
    all_read = False

    def listen() -> None:
        for line in cast("IO[bytes]", source.stderr):
            messages.append(line.decode(errors="replace"))
            report_table(messages[-1])

    listener = Thread(target=listen)
    listener.start()
    output, input_ = cast("IO[bytes]", source.stdout), cast("IO[bytes]", sink.stdin)
    with suppress(BrokenPipeError):  # the sink exited and printed why
        input_.write(_BEFORE.encode())
        while chunk := output.read(CHUNK):
            input_.write(chunk)
        all_read = True
        if source.wait() == 0:
            input_.write(after.encode())
            input_.flush()
    output.close()
    listener.join()
    with suppress(BrokenPipeError):
        input_.close()
    sink.wait()
    return all_read, messages
