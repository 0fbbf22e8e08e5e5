"""How long and how often: the short version in `make test`, the whole one in `make faults`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    kills: int
    """Workers killed at each failpoint under load."""
    crashes: int
    away: float
    """Seconds without PostgreSQL."""
    read_only: float
    """Seconds for which PostgreSQL takes no writes."""
    frozen: float
    """Seconds for which Redis is frozen."""
    flushes: int
    """Of Redis, every 200 ms."""
    cancellations: int
    edits: int
    """Changes of the capacity."""
    calm: float
    """Seconds after a fault until every free seat must be there to be bought."""


SHORT = Figures(
    kills=1,
    crashes=3,
    away=0.5,
    read_only=1.0,
    frozen=1.0,
    flushes=6,
    cancellations=60,
    edits=15,
    calm=1.1,
)
WHOLE = Figures(
    kills=3,
    crashes=10,
    away=10,
    read_only=5,
    frozen=3,
    flushes=50,
    cancellations=1000,
    edits=150,
    calm=5,
)
