"""Diagnosis for operators: the state of each part of the site."""

from collections.abc import Sequence
from typing import NamedTuple

from app.booking.gate import SeatGate
from app.config import Settings
from app.operations.connection_budget import complaint
from app.operations.health import OK, readiness


class Check(NamedTuple):
    part: str
    finding: str
    """`ok`, or what is wrong and what to do."""
    needed: bool = True
    """Whether the site can't serve without it."""

    @property
    def well(self) -> bool:
        return self.finding == OK


def examine(settings: Settings, gate: SeatGate) -> Sequence[Check]:
    """Check settings, database, migrations, Redis and connections now."""
    found = readiness(gate)
    return [
        *(Check("settings", problem) for problem in settings.problems() or [OK]),
        Check("organiser", _unsaid(settings), needed=False),
        Check("database", found.database),
        Check("migrations", found.migrations),
        Check("redis", found.redis, needed=False),
        Check("connections", complaint(settings) or OK),
    ]


def _unsaid(settings: Settings) -> str:
    """Whether visitors learn who sells here; a demo sells nothing."""
    if settings.demo or not settings.unsaid:
        return OK
    return f"visitors are not told who sells here; set {', '.join(settings.unsaid)}"
