"""What is told of the future to who waits: how long it takes, and whether there will be seats.

Both are ranges that hold nine times of ten (tests/waiting_room/test_estimates.py), since nobody
knows how fast the site will be, nor who of those before comes, and how many seats they take.
"""

import math
import statistics
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from app.waiting_room.state import Pace

MEMORY = 120.0
"""Seconds of the past that tell of the paces to come."""
BLOCK = 20.0
"""Seconds over which the paces that were are averaged, to see how much they differ."""
A_STOP = 15.0
"""Seconds of standing still after which it is somebody's decision, or nobody waits: it tells
nothing of the pace at which it goes on."""
WIDEST = 3.0
HALF_KNOWN_AFTER = 80.0
"""Seconds of going after which half of what was open at the beginning is known."""
HICCUP = 11.0
"""Seconds that a turn may be late however near it is: the site takes breath, a page asks late."""

BOOKED_IN_LEAST, BOOKED_IN_MOST = 45.0, 120.0
"""Seconds in which people book on average, once it is their turn: it lies between these."""
SUPPOSED_LEAST, SUPPOSED_MOST = 0.6, 2.6
"""Seats that each place takes on average, before anything is known of an event: some never come,
and most who do book two."""
WORTH = 12.0
"""So many places must be seen to count as much as what was supposed."""
SPREAD = 1.6
"""Standard deviation of the seats that one place takes; none, if nobody comes."""
SURE = 1.3
"""Standard deviations within which sums lie nine times of ten, on one side."""


class _Doubt(NamedTuple):
    """By how much a pace to come may be slower or faster than those that were, as a logarithm."""

    slower: float
    faster: float
    slower_at_first: float
    faster_at_first: float
    """More at the beginning, when it is not known yet how fast the site can be."""


IF_SET = _Doubt(0.1, 0.1, 0.1, 0.1)
IF_IT_FOLLOWS = _Doubt(0.5, 0.95, -0.3, 1.9)
"""It begins low, and grows for minutes."""


class PaceRange(NamedTuple):
    """Places a second at which the line goes on, probably."""

    slow: float
    fast: float


def pace_range(paces: Sequence[Pace], now: float, *, follows: bool = False) -> PaceRange | None:
    """Return between which paces the line goes on; None while nothing is known of it.

    `paces` are those that a room remembers, and `now` is Unix time. `follows` says that the pace
    follows what the site can serve, and is not as staff set it.
    """
    spans = list(_going(paces, now - MEMORY, now))
    last = next((pace for _seconds, pace in reversed(spans) if pace > 0), 0.0)
    if not last:
        return None
    # It is never thought to stand still for good.
    blocks = [max(mean, last / 50) for mean in _blocks(spans)] or [last]
    seen = sum(seconds for seconds, _pace in spans)
    spread, unknown = _unevenness(blocks), 0.5 ** (seen / HALF_KNOWN_AFTER)
    doubt = IF_IT_FOLLOWS if follows else IF_SET
    slower = doubt.slower + spread + doubt.slower_at_first * unknown
    faster = doubt.faster + spread + doubt.faster_at_first * unknown
    mean = statistics.fmean(blocks) if follows else last
    return PaceRange(mean * math.exp(-min(slower, WIDEST)), mean * math.exp(min(faster, WIDEST)))


def wait_range(places: float, pace: PaceRange) -> tuple[float, float]:
    """Return the earliest and the latest seconds until so many places have had their turn."""
    return places / pace.fast, places / pace.slow + HICCUP


def _blocks(spans: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Yield the mean pace of each twenty seconds, the last ones first."""
    left, served = BLOCK, 0.0
    for seconds, pace in reversed(spans):
        rest = seconds
        while rest >= left:
            yield (served + left * pace) / BLOCK
            rest, left, served = rest - left, BLOCK, 0.0
        left, served = left - rest, served + rest * pace
    if left <= BLOCK / 2:
        yield served / (BLOCK - left)


def _unevenness(blocks: Sequence[float]) -> float:
    """By how much each block's pace differs from the next one's, as a logarithm."""
    steps = [math.log(one / other) for one, other in pairwise(blocks)]
    return math.sqrt(statistics.fmean(step * step for step in steps) / 2) if steps else 0.0


def _going(paces: Sequence[Pace], since: float, until: float) -> Iterator[tuple[float, float]]:
    """Yield seconds and places a second, without the stops."""
    ends = [*(pace.at for pace in paces[1:]), until]
    for pace, end in zip(paces, ends, strict=False):
        seconds = min(end, until) - max(pace.at, since)
        stands = pace.per_second <= 0 and (seconds > A_STOP or pace is paces[-1])
        if seconds >= 0 and not stands:
            yield seconds, pace.per_second


class Outlook(StrEnum):
    """Whether there will be seats when somebody's turn comes."""

    ENOUGH = "enough"
    UNSURE = "unsure"
    NONE = "none"


class Taking(NamedTuple):
    """Seats that those before somebody take: for each whose turn is to come, and, at most, those
    whose turn it is and who have not booked yet."""

    least: float
    most: float
    pending: float = 0.0


def taking(paces: Sequence[Pace], now: float, seats: int) -> Taking:
    """Return what each place takes, as far as those tell who have had their turn by these `paces`
    and have booked so many `seats`."""
    served = served_at(paces, now)
    # They have done with it sooner or later, and the truth lies between.
    soon, late = (_done(paces, now, mean) for mean in (BOOKED_IN_LEAST, BOOKED_IN_MOST))
    low = (seats + SUPPOSED_LEAST * WORTH) / (soon + WORTH)
    high = (seats + SUPPOSED_MOST * WORTH) / (late + WORTH)
    doubt = SURE * SPREAD / math.sqrt(late + WORTH)
    return Taking(max(low - doubt, low / 3), high + doubt, max(high * served - seats, 0.0))


def served_at(paces: Sequence[Pace], at: float) -> float:
    """Return how many places had had their turn at a time, as far as is remembered."""
    after = bisect_right(paces, at, key=lambda pace: pace.at)
    return paces[after - 1].served_at(at) if after else 0.0


def _done(paces: Sequence[Pace], now: float, mean: float) -> float:
    """How many of those whose turn it was have booked by now, or won't, if it takes them so long on
    average."""
    done, later = 0.0, served_at(paces, now)
    for age in range(int(BLOCK), int(6 * mean), int(BLOCK)):
        served = served_at(paces, now - age)
        done += (later - served) * (1 - math.exp((BLOCK / 2 - age) / mean))
        later = served
    return done + later


def outlook(before: int, left: int, each: Taking, wanted: int = 1) -> Outlook:
    """Return whether seats will be left for whoever has so many people before them."""
    # Few people differ more from one another, on average, than many.
    doubt = SURE * SPREAD * math.sqrt(before)
    if left - (before * each.most + each.pending + doubt) >= wanted:
        return Outlook.ENOUGH
    if before * each.least - doubt >= left:
        return Outlook.NONE
    return Outlook.UNSURE
