"""Tests run side by side, but those that hold the site to a time have the machine alone."""

import fcntl
from contextlib import ExitStack, contextmanager
from pathlib import Path

ALONE = {
    "tests/browser/test_paints.py",
    "tests/connections/test_balance.py",
    "tests/deploy/test_slow_clients.py",
    "tests/faults",
    "tests/overload",
}
TOGETHER = {
    *(f"tests/faults/test_{name}.py" for name in ("failpoints", "letters", "redis", "seats")),
    *(f"tests/overload/test_{name}.py" for name in ("fairness", "one_address", "pictures")),
}
"""Of those: what takes as long as it takes, or is held to what it takes beside something else."""


def wants_to_be_alone(path):
    place = path.relative_to(Path(__file__).parents[2])
    within = {str(part) for part in (place, *place.parents)}
    return bool(within & ALONE) and not within & TOGETHER


class Turns:
    """Between processes that share this folder.

    Whoever comes waits at the door, so that a test which waits to be alone is overtaken by nobody.
    A process stays alone for one such test after the other, until it lets others in: between any
    two tests each of them would come in for one, and be waited for.
    """

    def __init__(self, folder):
        self._door, self._room = folder / "door", folder / "room"
        self._stays = None

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

    def stay_alone(self):
        if self._stays is None:
            self._stays = ExitStack()
            self._stays.enter_context(self.alone())

    def let_in(self):
        if self._stays is not None:
            self._stays.close()
            self._stays = None


@contextmanager
def locked(file, how):
    with file.open("a") as opened:
        fcntl.flock(opened, how)
        yield
