"""Everything that the application logs while the tests run, kept to be searched at their end.

In this process by a handler, of the sites that tests start from their output.
"""

import atexit
import json
import logging
import re
import shutil
import tempfile
from functools import cached_property
from itertools import count
from pathlib import Path

from app import logs
from app.config import Settings
from app.models.references import REFERENCE_LETTERS

PASSWORDS = (
    "correct horse battery",
    "rice flour",
    "wrong password",
    "long enough",
    "another long password",
    "utsavam-demo",
)
"""That the tests' people have, or try."""
REFUSAL = "utsavam: "
"""How a site begins that says why it does not start: plain words, since nothing runs yet."""
PRIVATE = {
    "an API token or a staff key": re.compile(r"utsavam_(?!\d+\b)[\w-]{8,}"),
    "an email address": re.compile(r"@example|[\w.+-]+@[\w-]+\.\w"),
    "a password": re.compile("|".join(PASSWORDS)),
    "a password's hash": re.compile(r"\$argon2"),
    "an Authorization header": re.compile(r"\b(bearer|basic) \S", re.IGNORECASE),
    "a cookie": re.compile(r"__Host-utsavam|utsavam_\d+=|session="),
    "a form's token": re.compile(r"csrf_token"),
    "a query string": re.compile(r"\?\w+="),
    "a ticket's address": re.compile(r"/tickets/[\w%-]{20,}"),
    "a gift's address": re.compile(r"/gifts/\w+-[\w%-]{20,}"),
    "a sign-in link": re.compile(r"/sign-in/links/[\w-]{20,}"),
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


def is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class Logbook:
    """One for each process: a folder with a file for its own log, and one for each site's."""

    def __init__(self):
        self._numbers = count(1)
        self.keys = set()
        """Of the settings, that nobody should read either."""

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

    def _text(self):
        return "".join(file.read_text() for file in sorted(self._folder.glob("*.log")))

    def faults(self):
        """What is wrong with what was logged until now: sentences."""
        text = self._text()
        lines = [line for line in text.splitlines() if not line.startswith(REFUSAL)]
        no_json = [f"no JSON: {line}" for line in lines if not is_json(line)]
        return no_json + private_parts(text, self.keys)


LOGBOOK = Logbook()
