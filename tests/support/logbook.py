"""Everything that the application logs while the tests run, kept to be searched at their end.

In this process by a handler, of the sites that tests start from their output.
"""

import atexit
import logging
import re
import shutil
import tempfile
from functools import cached_property
from itertools import count
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
    """One for the run: a folder with a file for the tests themselves, and one for each site."""

    def __init__(self):
        self._numbers = count(1)

    @cached_property
    def _folder(self):
        folder = Path(tempfile.mkdtemp(prefix="ut-logs-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def begin(self):
        # As in production, except that the guard knows no keys: they are to be found.
        handler = logging.FileHandler(self._folder / "tests.log")
        handler.setFormatter(logs.formatter(Settings()))
        logging.getLogger().addHandler(handler)
        logging.getLogger("app").setLevel(logging.INFO)

    def new_file(self):
        """Where a site may log to; apart from its own folder, which tests fill up or take away."""
        return self._folder / f"site-{next(self._numbers):04}.log"

    def of_tests(self):
        return (self._folder / "tests.log").read_text()

    def of_sites(self):
        return "".join(file.read_text() for file in sorted(self._folder.glob("site-*.log")))


LOGBOOK = Logbook()
