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
from app.operations.backup import BackupFailed, Say, teller

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
    words = ("--no-owner", "--no-privileges", "--no-comments", "--verbose", "--file=-", str(file))
    into = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={server.conninfo}")
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", errors="replace") as complaints,
        subprocess.Popen(
            programs.command("pg_restore", *words), stdout=pipe, stderr=pipe
        ) as source,
        subprocess.Popen(
            programs.command("psql", *into),
            env=server.environment,
            stdin=pipe,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        ) as sink,
    ):
        all_taken, said = _carry(source, sink, _AFTER.format(skipped=int(skipped_ids)), teller(say))
        complaints.seek(0)
        refused = complaints.read().splitlines()
    if all_taken and source.returncode:
        raise BackupFailed(f"The database is as it was; FILE {file} is damaged: {last_of(said)}")
    if sink.returncode:
        raise BackupFailed(f"The database is as it was; it refused: {last_of(refused)}")
    return time.monotonic() - began


def _carry(
    source: "subprocess.Popen[bytes]",
    sink: "subprocess.Popen[bytes]",
    after: str,
    tell: Callable[[str], None],
) -> tuple[bool, list[str]]:
    """Pipe one program into the other. COMMIT is sent only after all of the source's output, as
    `psql` can't tell a pipe that ends early from a complete one. Returns whether the sink read
    everything, and the source's messages."""
    said: list[str] = []
    all_taken = False

    def listen() -> None:
        for line in cast("IO[bytes]", source.stderr):
            said.append(line.decode(errors="replace"))
            tell(said[-1])

    listener = Thread(target=listen)
    listener.start()
    come, go = cast("IO[bytes]", source.stdout), cast("IO[bytes]", sink.stdin)
    with suppress(BrokenPipeError):  # the sink exited and printed why
        go.write(_BEFORE.encode())
        while chunk := come.read(CHUNK):
            go.write(chunk)
        all_taken = True
        if source.wait() == 0:
            go.write(after.encode())
            go.flush()
    come.close()
    listener.join()
    with suppress(BrokenPipeError):
        go.close()
    sink.wait()
    return all_taken, said
