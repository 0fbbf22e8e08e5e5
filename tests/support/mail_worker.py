"""`flask worker` as a process beside a site, which sends its letters."""

import subprocess
import sys

from tests.support.logbook import LOGBOOK


class MailWorker:
    """A context manager that works until it is left."""

    def __init__(self, site):
        self._environment = {**site.environment, "FLASK_APP": "wsgi"}
        self._folder = site.folder

    def __enter__(self):
        with LOGBOOK.new_file().open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flask", "worker"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
