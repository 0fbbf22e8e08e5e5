"""Tests run side by side, but those that hold the site to a time have the machine alone."""

import fcntl
from contextlib import ExitStack, contextmanager
from pathlib import Path

ALONE = {"tests/faults", "tests/overload", "tests/browser/test_budgets.py"}


def wants_to_be_alone(path):
    place = path.relative_to(Path(__file__).parents[2])
    return any(str(part) in ALONE for part in (place, *place.parents))


class Turns:
    """Between processes that share this folder.

    Whoever comes waits at the door, so that a test which waits to be alone is overtaken by nobody.
    """

    def __init__(self, folder):
        self._door, self._room = folder / "door", folder / "room"

    @contextmanager
    def together(self):
        with ExitStack() as stay:
            with locked(self._door, fcntl.LOCK_EX):
                stay.enter_context(locked(self._room, fcntl.LOCK_SH))
            yield

    @contextmanager
    def alone(self):
        with locked(self._door, fcntl.LOCK_EX), locked(self._room, fcntl.LOCK_EX):
            yield


@contextmanager
def locked(file, how):
    with file.open("a") as opened:
        fcntl.flock(opened, how)
        yield
