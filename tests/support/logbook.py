"""Everything that the application logs while the tests run, kept to be searched at their end.

In this process by a handler, of the sites that tests start from their output.
"""

import logging
import re
import shutil
import tempfile
from pathlib import Path

from app import logs
from app.config import Settings
from app.models.booking import REFERENCE_LETTERS

PASSWORDS = (
    "correct horse battery",
    "rice flour",
    "wrong password",
    "long enough",
    "another long password",
    "utsavam-demo",
)
"""That the tests' people have, or try."""
PRIVATE = {
    "an API token or a staff key": re.compile(r"utsavam_(?!\d+\b)[\w-]{8,}"),
    "an email address": re.compile(r"@example|[\w.+-]+@[\w-]+\.\w"),
    "a password": re.compile("|".join(PASSWORDS)),
    "a password's hash": re.compile(r"\$argon2"),
    "an Authorization header": re.compile(r"\b(bearer|basic) \S", re.IGNORECASE),
    "a cookie": re.compile(r"__Host-utsavam|utsavam_\d+=|session="),
    "a form's token": re.compile(r"csrf_token"),
    "a query string": re.compile(r"\?\w+="),
    "a booking's reference": re.compile(rf"\b(?=\w*\d)[{REFERENCE_LETTERS}]{{12}}\b"),
    "what the guard had to hide": re.compile(re.escape(logs.HIDDEN)),
}


def private_parts(text, secrets):
    """What of these logs nobody should read: sentences, each with the line it was found on."""
    found = []
    for line in text.splitlines():
        told = [what for what, pattern in PRIVATE.items() if pattern.search(line)]
        told += ["a key of the settings" for secret in secrets if secret in line]
        found += [f"{what}: {line}" for what in told]
    return found


class Logbook:
    """One for the run. Logs of sites that ended are copied; the others are read at the end."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="ut-logs-"))
        self._own, self._kept = self._folder / "tests.log", self._folder / "sites.log"
        self._open = set()

    def begin(self):
        # As in production, except that the guard knows no keys: they are to be found.
        handler = logging.FileHandler(self._own)
        handler.setFormatter(logs.formatter(Settings()))
        logging.getLogger().addHandler(handler)
        logging.getLogger("app").setLevel(logging.INFO)

    def end(self):
        shutil.rmtree(self._folder)

    def follow(self, file):
        self._open.add(file)

    def keep(self, file):
        self._open.discard(file)
        with self._kept.open("ab") as kept:
            kept.write(file.read_bytes())

    def of_tests(self):
        return self._own.read_text()

    def of_sites(self):
        files = [*self._open, self._kept]
        return "".join(file.read_text() for file in files if file.exists())


LOGBOOK = Logbook()
