"""`make demo`: start PostgreSQL, Redis, migrations, demo data and gunicorn with one command.

Ctrl-C, SIGTERM and closing the terminal stop everything that was started, in reverse order.
"""

import argparse
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from app.demo.mail_server import MailServer
from app.demo.servers import CannotStart, Postgres, RedisServer
from app.lib.processes import end_if_ours, stop_process
from app.operations.database_roles import APP_ROLE, NotGranted, grant

ROOT = Path(__file__).parents[2]
READY_TIMEOUT = 60.0
WATCH_EVERY = 2.0
"""Seconds between looks at the worker."""
HELP = """settings, from the environment:
  PORT          of the site on 127.0.0.1; 8000
  DATA_DIR      folder of the data, letters and keys; .utsavam
  RESET=1       empty that folder's database and letters first
  DATABASE_URL  a PostgreSQL of yours, instead of one that is started
  REDIS_URL     a Redis of yours, instead of one that is started
  MAIL_URL      a mail server of yours, instead of the mailbox at /dev/mail

The site's other settings are in docs/settings.md. Ctrl-C stops all that was started."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """A signal asks the demo to end."""


@dataclass
class Demo:
    """A run of the demo on a folder and a port; `stack` holds the cleanup callbacks."""

    data: Path
    port: int
    stack: contextlib.ExitStack
    environment: dict[str, str] = field(default_factory=dict)
    owner_url: str = ""
    """Superuser's URL of the embedded database; empty when DATABASE_URL is used."""

    worker: "subprocess.Popen[bytes] | None" = None

    def run(self) -> None:
        self.claim_folder()
        self.end_leftovers()
        self.require_free_port()
        if os.environ.get("RESET") not in (None, "", "0"):
            self.reset()
        self.start_servers()
        self.fill()
        web = self.start_gunicorn()
        self.start_worker()
        self.wait_until_ready(web)
        self.say_hello()
        sys.exit(self.watch(web))

    def claim_folder(self) -> None:
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            lock = self.stack.enter_context((self.data / "lock").open("w"))
        except OSError as error:
            raise CannotStart(
                f"The folder {self.data} can't be written: {error.strerror}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Another demo is running on the folder {self.data}.") from None

    def require_free_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise CannotStart(
                    f"Port {self.port} can't be used ({error.strerror}); "
                    f"try: make demo PORT={self.port + 1}"
                ) from None

    def reset(self) -> None:
        if os.environ.get("DATABASE_URL"):
            raise CannotStart("RESET=1 empties the embedded database only; unset DATABASE_URL.")
        say("Starting clean …")
        Postgres(self.data / "postgres").stop_leftover()
        for name in ("postgres", "redis", "mail"):
            shutil.rmtree(self.data / name, ignore_errors=True)

    def start_servers(self) -> None:
        """Start the servers without a given URL, and set the web server's environment."""
        database_url = os.environ.get("DATABASE_URL")
        if not database_url:
            say("Starting PostgreSQL …")
            postgres = Postgres(self.data / "postgres")
            self.owner_url = postgres.start()
            database_url = postgres.url_as(APP_ROLE)
            self.stack.callback(postgres.stop)
        redis_url = os.environ.get("REDIS_URL")
        if not redis_url:
            say("Starting Redis …")
            server = RedisServer(self.data / "redis")
            redis_url = server.start()
            self.stack.callback(server.stop)
            self.note_child("redis", server.pid)
        self.environment = {
            "DEMO": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PROXY_HOPS": "0",
            "API_ACCESS": os.environ.get("API_ACCESS") or "open",
            "ADMIN_KEY": os.environ.get("ADMIN_KEY") or self.kept_secret("admin-key"),
            "SECRET_KEY": os.environ.get("SECRET_KEY") or self.kept_secret("secret-key"),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            **self.mail_settings(),
            **self.payment_settings(),
        }
        file = self.data / "demo.env"
        write_private(file, "".join(f"{k}='{v}'\n" for k, v in self.environment.items()))
        self.stack.callback(file.unlink, missing_ok=True)

    def payment_settings(self) -> dict[str, str]:
        """An address that no bank has, unless there is another: its code pays nobody."""
        if os.environ.get("UPI_ADDRESS"):
            return {}
        return {"UPI_ADDRESS": "tickets@example", "UPI_NAME": "A demo: pay nobody"}

    def mail_settings(self) -> dict[str, str]:
        """Letters go to a server of our own, unless there is another."""
        if url := os.environ.get("MAIL_URL"):
            return {"MAIL_URL": url}
        folder = self.data / "mail"
        server = MailServer(folder)
        server.start()
        self.stack.callback(server.stop)
        sender = os.environ.get("MAIL_FROM") or "tickets@utsavam.example"
        return {"MAIL_URL": server.url, "MAIL_FROM": sender, "DEMO_MAILBOX": str(folder)}

    def fill(self) -> None:
        say("Preparing the database …")
        os.environ.update(self.environment)
        from flask_migrate import upgrade
        from sqlalchemy.exc import DBAPIError

        from app import create_app
        from app.config import Settings, WeakSettings
        from app.errors import UtsavamError
        from app.services.demo import seed_demo

        try:
            settings = Settings.load()
            owner = create_app(
                settings.model_copy(
                    update={"database_url": self.owner_url or settings.database_url}
                )
            )
            with owner.app_context():
                upgrade()
            if self.owner_url:
                grant(self.owner_url)
            app = create_app(settings)
            with app.app_context():
                seeded = seed_demo(app.extensions["desk"], with_password=True)
        except WeakSettings as error:
            raise CannotStart(" ".join(error.problems)) from error
        except (DBAPIError, UtsavamError, NotGranted) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise CannotStart(f"The database can't be prepared: {' '.join(reason[:1])}") from error
        if seeded.created:
            say(f"Made {len(seeded.created)} demo users and events.")

    def start_gunicorn(self) -> subprocess.Popen[bytes]:
        say("Starting the web server …")
        web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )
        self.stack.callback(stop_process, web)
        self.note_child("gunicorn", web.pid)
        return web

    def watch(self, web: "subprocess.Popen[bytes]") -> int:
        """Wait for the web server's end; a worker that ends meanwhile is started again."""
        while web.poll() is None:
            if self.worker is not None and self.worker.poll() is not None:
                say(f"The worker ended ({self.worker.returncode}); starting it again …")
                self.start_worker()
            with contextlib.suppress(subprocess.TimeoutExpired):
                web.wait(WATCH_EVERY)
        return web.returncode

    def start_worker(self) -> None:
        worker = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )
        if self.worker is None:
            self.stack.callback(self.stop_worker)
        self.worker = worker
        self.note_child("worker", worker.pid)

    def stop_worker(self) -> None:
        if self.worker is not None:
            stop_process(self.worker)

    def wait_until_ready(self, web: "subprocess.Popen[bytes]") -> None:
        give_up = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < give_up:
            if web.poll() is not None:
                raise CannotStart("The web server ended at once; its message stands above.")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=2)
                return
            time.sleep(0.05)
        raise CannotStart("The web server did not get ready; its messages stand above.")

    def say_hello(self) -> None:
        site = f"http://127.0.0.1:{self.port}"
        print(
            f"""
  Utsavam is running.

    Site         {site}
    Organisers   {site}/admin
    API          {site}/docs
{self.mailbox_line}
    Sign in as   alice@example.com, bob@example.com or carol@example.com
    Password     utsavam-demo
    Admin key    {self.environment["ADMIN_KEY"]}

    The API trusts any user_id (API_ACCESS={self.environment["API_ACCESS"]}), on this machine only.
    Data lies in {self.where}.
    Ctrl-C stops everything.
""",
            flush=True,
        )

    @property
    def mailbox_line(self) -> str:
        site = f"http://127.0.0.1:{self.port}"
        return f"    Mailbox      {site}/dev/mail\n" if "DEMO_MAILBOX" in self.environment else ""

    @property
    def where(self) -> str:
        if self.owner_url:
            return f"{self.data}; make demo RESET=1 starts clean"
        return "the database of DATABASE_URL"

    def kept_secret(self, name: str) -> str:
        """Return a random secret that is created once and kept in the folder."""
        file = self.data / name
        if not file.exists():
            write_private(file, secrets.token_urlsafe(32) + "\n")
        try:
            return file.read_text().strip()
        except OSError as error:
            raise CannotStart(f"The file {file} can't be read: {error.strerror}") from error

    def note_child(self, name: str, pid: int) -> None:
        (self.data / f"{name}.pid").write_text(str(pid))

    def end_leftovers(self) -> None:
        """End the processes left by a killed run; holding the lock means that no run is alive."""
        for name in ("worker", "gunicorn", "redis"):
            file = self.data / f"{name}.pid"
            if file.exists():
                ours = str(self.data / "redis") if name == "redis" else str(ROOT)
                if end_if_ours(file.read_text(), ours):
                    say(f"Ended the {name} of a run that was killed.")
                file.unlink()


def write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


def say(text: str) -> None:
    print(text, flush=True)


def read_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        sys.exit(f"utsavam: PORT={text} is not a port number")
    return int(text)


def read_words(words: Sequence[str] | None) -> None:
    """Tell what it is, or that there is nothing to be typed; both end it before anything starts."""
    argparse.ArgumentParser(
        prog="python -m app.demo",
        description="Run Utsavam on this machine, with PostgreSQL, Redis, a mailbox and demo data.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(words)


def raise_stop(_signal: int, _frame: FrameType | None) -> None:
    # Ignore further signals: a second Ctrl-C must not interrupt the shutdown.
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise Stop


def main(words: Sequence[str] | None = None) -> None:
    read_words(words)
    for name in SIGNALS:
        signal.signal(name, raise_stop)
    data = Path(os.environ.get("DATA_DIR") or ROOT / ".utsavam").resolve()
    port = read_port()
    try:
        with contextlib.ExitStack() as stack:
            try:
                Demo(data, port, stack).run()
            except Stop:
                say("\nStopping …")
    except CannotStart as error:
        sys.exit(f"utsavam: {error}")
    say("Stopped.")


if __name__ == "__main__":
    main()
