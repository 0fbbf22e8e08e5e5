"""The site as it is served: gunicorn with gevent workers, configured by its environment alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from app.config import Settings
from app.demo.servers import free_port
from tests.support.logbook import LOGBOOK

ROOT = Path(__file__).parents[2]
PYTHON_PATH = os.pathsep.join((str(Path(__file__).with_name("as_served")), str(ROOT)))
"""Where a process of the site finds its modules, and not those of the tests' tools."""
WITHOUT_LIMITS = {
    name.upper(): "off" for name in Settings.model_fields if name.startswith("limit_")
}
"""For tests that ask more than people do, and of something else."""


class Site:
    """A context manager that serves until it is left; `app` may name another WSGI entry."""

    def __init__(self, settings, folder, app="wsgi:app", **environment):
        self.folder, self._app = folder, app
        self.log = LOGBOOK.new_file()
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.admin_key = settings.admin_key[0]
        self.environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "ADMIN_KEY": self.admin_key,
            "SECRET_KEY": settings.secret_key,
            "API_ACCESS": "open",
            "DEMO": "1",
            "PORT": str(self._port),
            "PYTHONPATH": PYTHON_PATH,
            **environment,
        }

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                # Away from the repository: no `.env` of a developer is read.
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_served()
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def pid(self):
        return self._process.pid

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, seconds):
        self._process.wait(seconds)

    def __exit__(self, *_error):
        # At once: gunicorn looks once a second whether it is to stop, and lets connections end.
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _command(self):
        return [
            *(sys.executable, "-m", "gunicorn"),
            *("-c", str(ROOT / "gunicorn.conf.py")),
            self._app,
        ]

    def _wait_until_served(self):
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                httpx.get(f"{self.url}/health", timeout=2).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(self.log.read_text()[-2000:])
