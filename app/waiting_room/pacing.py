"""The pace of a waiting room that follows what the site can serve.

It grows while nothing is strained, but never far ahead of those who really come: a pace that
followed the load alone would let in a crowd that stands at the door later, all at once.
"""

from dataclasses import dataclass
from enum import StrEnum

GROWTH = 1.08
"""By how much the pace grows in a second in which nothing is strained."""
CUT = 0.75
"""What is left of the pace after a second in which something was strained."""
FLOOR = 5.0
"""Places a second: never fewer, so that it can begin, and ends for everybody. It needs no more than
a hundredth of what two cores can serve."""
START = 10.0
"""Places a second of a room that nothing was measured of."""
CEILING = 1_000.0
"""Places a second, as many as an organiser may set."""
AHEAD_OF_COMING = 1.25
"""The pace is at most so many times that of those who really came."""
CAME_WITHIN = 6
"""Seconds over which those who came are counted."""
FILLED_WITHIN = 5
"""Seconds in which the places inside that became free are filled: less would be a pace that jumps.
"""
FEWEST_SHOWN = 0.3
"""Of those whose turn came, at least so many are thought to come. Fewer have come where people come
late, and then the pace must wait for them."""
WORTH_TELLING = 0.1
"""A pace that differs by a smaller share is not changed: all that were changed are remembered for
as long as a pass runs."""


class Why(StrEnum):
    """What the pace of now follows from."""

    SET = "set"
    """The organiser set it."""
    PAUSED = "paused"
    MEASURED = "measured"
    """Nothing is strained: it grows, or is as high as it may be."""
    COMING = "coming"
    """It waits for those whose turn has come, and who have not."""
    STRAINED = "strained"
    """The site is slow: it falls."""
    INSIDE = "inside"
    """As many are inside as the organiser allows."""


class Source(StrEnum):
    """What strains the site."""

    DESK = "desk"
    PAGES = "pages"
    LAG = "lag"


@dataclass(frozen=True)
class Strain:
    """What the slowest process measured in its last second."""

    desk: float = 0.0
    """Seconds that orders took at the desk."""
    pages: float = 0.0
    """Seconds that the first of the pages in line has waited."""
    lag: float = 0.0
    """Seconds by which what was due began late."""

    @property
    def source(self) -> Source | None:
        """What is over its bound, most of all; None if nothing is."""
        shares = {source: getattr(self, source) / bound for source, bound in BOUNDS.items()}
        worst = max(shares, key=lambda source: shares[source])
        return worst if shares[worst] >= 1 else None


BOUNDS = {Source.DESK: 0.25, Source.PAGES: 1.0, Source.LAG: 0.08}
"""Seconds from which on the site is strained: half of what nearly all bookings may take; a quarter
of what a page waits in line until it is told 503; and some turns of a process that is never idle.
"""


@dataclass(frozen=True)
class Seen:
    """What the last seconds showed of a room."""

    came: float
    """Places that were seen for the first time since their turn, within `CAME_WITHIN` seconds."""
    shown: float = 1.0
    """The share that came, of those whose turn was some time ago; 1 while that is not known."""
    strain: Strain = Strain()
    inside: int = 0
    """People who may book, and have not yet."""
    paying: int = 0
    """Reservations of the event that are not paid yet."""


@dataclass(frozen=True)
class Decision:
    per_second: float
    """The pace from now on."""
    why: Why


def next_pace(per_second: float, seen: Seen, most_inside: int | None = None) -> Decision:
    """Return the pace of the next second.

    `per_second` is that of now. With `most_inside`, no more people are let in than places are free
    for those who book and those who pay.
    """
    if seen.strain.source:
        wanted, why = max(per_second * CUT, FLOOR), Why.STRAINED
    else:
        wanted, why = min(max(per_second, FLOOR) * GROWTH, CEILING), Why.MEASURED
    coming = max(seen.came / CAME_WITHIN / _shown(seen) * AHEAD_OF_COMING, FLOOR)
    if wanted > coming:
        wanted, why = coming, why if why == Why.STRAINED else Why.COMING
    return held_pace(Decision(wanted, why), seen, most_inside)


def held_pace(wanted: Decision, seen: Seen, most_inside: int | None) -> Decision:
    """Return the pace that is wanted, or the one at which no more than `most_inside` get inside."""
    if most_inside is None:
        return wanted
    free = max(most_inside - seen.inside - seen.paying, 0) / FILLED_WITHIN
    return Decision(free, Why.INSIDE) if wanted.per_second > free else wanted


def is_worth_telling(now: float, wanted: float) -> bool:
    """Whether a pace is to be changed into another."""
    if now == 0 or wanted == 0:
        return now != wanted
    return abs(wanted - now) > WORTH_TELLING * now


def _shown(seen: Seen) -> float:
    return min(max(seen.shown, FEWEST_SHOWN), 1.0)
