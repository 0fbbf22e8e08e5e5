"""Evenings in a waiting room, played second by second: how fast the line went, and who booked."""

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

from app.waiting_room.pacing import CAME_WITHIN, START, Seen, Strain, is_worth_telling, next_pace
from app.waiting_room.state import Pace

Dice = random.Random
SHOWN_AFTER = 60
"""Seconds after which those whose turn it was have come, or won't."""
PASS_SECONDS, AN_HOUR = 600, 3600


@dataclass(frozen=True)
class Kind:
    """A kind of evening. Times are in seconds, and paces in places or bookings a second."""

    name: str
    people: Callable[[Dice], int]
    pace: Callable[[Dice, int], float]
    """The pace that staff set for so many people."""
    follows: bool = False
    """The pace follows what the site can serve, and staff set none."""
    serves: tuple[float, float] = (500, 1000)
    """Between which figures the bookings lie that the site can serve in a second."""
    drift: float = 0.0
    """How much that changes in a minute, as a standard deviation of its logarithm."""
    pauses: float = 0.0
    """Pauses of some seconds, in a minute."""
    come: float = 0.8
    late: float = 4.0
    """When half of those who come are there."""
    books_in: float = 60.0
    most_inside: int | None = None
    changes: Callable[[Dice], int] = lambda _dice: 0
    """How often staff change the pace, or pause it for a while."""


class Site:
    """What serves those whose turn it is, with strain, and pauses of some seconds."""

    def __init__(self, kind: Kind, dice: Dice) -> None:
        self._kind, self._dice = kind, dice
        self._serves, self._backlog, self._rests_until = dice.uniform(*kind.serves), 0.0, 0.0

    def work(self, now: int, arriving: int) -> Strain:
        """Serve for a second; return how strained it is then."""
        self._serves *= math.exp(self._dice.gauss(0, self._kind.drift) / math.sqrt(60))
        if self._dice.random() < self._kind.pauses / 60:
            self._rests_until = now + self._dice.uniform(0.5, 5)
        able = self._serves * (1 - min(max(self._rests_until - now, 0), 1))
        self._backlog = max(self._backlog + arriving - able, 0)
        return Strain(desk=self._backlog / self._serves)


@dataclass
class Evening:
    kind: Kind
    people: int
    paces: list[Pace] = field(default_factory=list)
    """All that held, from the opening, which is at 0."""
    done: list[float] = field(default_factory=list)
    """How many places had their turn, second by second."""
    came: Counter[int] = field(default_factory=Counter)
    orders: Counter[int] = field(default_factory=Counter)
    """Bookings in each second."""
    seats: Counter[int] = field(default_factory=Counter)
    wants: dict[int, int] = field(default_factory=dict)
    """Seats that a place would take, of those who come."""

    def known(self, now: float, memory: float = 600) -> list[Pace]:
        """The paces that a room remembers at a time."""
        past = [pace for pace in self.paces if pace.at <= now]
        return [*(one for one, later in pairwise(past) if later.at >= now - memory), past[-1]]

    @cached_property
    def booked(self) -> list[int]:
        """How many seats were booked by each second, if there were enough."""
        return list(accumulate(self.seats[at] for at in range(2 * AN_HOUR)))

    def turn(self, place: int) -> float | None:
        """How long after the opening the place had its turn; None if it never had."""
        index = bisect_left(self.done, place)
        if index == len(self.done):
            return None
        before = self.done[index - 1] if index else 0.0
        return index + (place - before) / (self.done[index] - before)


def play(kind: Kind, dice: Dice) -> Evening:
    """Play an evening until all had their turn, or an hour is over."""
    people = kind.people(dice)
    evening, site, staff = Evening(kind, people), Site(kind, dice), _Staff(kind, dice)
    follower, pace = _Follower(kind), kind.pace(dice, people)
    evening.paces.append(Pace(0, 0, pace))
    served, now = 0.0, 0
    while served < people and now < AN_HOUR:
        now += 1
        before, served = served, evening.paces[-1].served_at(now)
        for place in range(math.floor(before) + 1, math.floor(served) + 1):
            _comes(evening, place, now, dice)
        strain = site.work(now, evening.came[now])
        evening.done.append(served)
        pace = staff.pace(now, pace)
        wanted = follower.pace(evening, now, strain) if kind.follows else pace
        wanted = 0.0 if staff.pauses(now) else wanted
        if is_worth_telling(evening.paces[-1].per_second, wanted):
            evening.paces.append(Pace(now, served, wanted))
    return evening


def _comes(evening: Evening, place: int, turn: int, dice: Dice) -> None:
    kind = evening.kind
    if dice.random() > kind.come:
        return
    at = turn + math.ceil(dice.lognormvariate(math.log(kind.late), 0.8))
    evening.came[at] += 1
    evening.wants[place] = seats = dice.choices((1, 2, 3, 4), (30, 45, 10, 15))[0]
    then = at + math.ceil(dice.expovariate(1 / kind.books_in))
    evening.orders[then] += 1
    evening.seats[then] += seats


class _Follower:
    """The pace that follows what the site can serve, by its own rule."""

    def __init__(self, kind: Kind) -> None:
        self._kind, self._pace, self._orders = kind, START, 0

    def pace(self, evening: Evening, now: int, strain: Strain) -> float:
        came = sum(evening.came[at] for at in range(now - CAME_WITHIN + 1, now + 1))
        shown = self._kind.come if now > SHOWN_AFTER else 1.0
        most = self._kind.most_inside
        seen = Seen(came, shown, strain, self._inside(evening, now) if most else 0)
        self._pace = next_pace(self._pace, seen, most).per_second
        return self._pace

    def _inside(self, evening: Evening, now: int) -> int:
        """Those whose turn it is: their time is not over, and they have not booked."""
        past = now - PASS_SECONDS
        over = evening.done[past] if past >= 0 else 0
        self._orders += evening.orders[now] - evening.orders[past]
        return round(evening.done[-1] - over - self._orders)


class _Staff:
    """Who looks on, and now and then sets another pace, or pauses it."""

    def __init__(self, kind: Kind, dice: Dice) -> None:
        self._dice, self._paused_until = dice, 0.0
        self._changes = sorted(dice.uniform(10, 1800) for _ in range(kind.changes(dice)))

    def pace(self, now: float, pace: float) -> float:
        if not self._changes or now < self._changes[0]:
            return pace
        self._changes.pop(0)
        if self._dice.random() < 0.25:
            self._paused_until = now + self._dice.uniform(10, 60)
        return pace * self._dice.choice((0.6, 0.75, 1.0, 1.3, 1.6))

    def pauses(self, now: float) -> bool:
        return now < self._paused_until


def _any_of(*people: int) -> Callable[[Dice], int]:
    return lambda dice: dice.choice(people)


def _within(least: float, most: float) -> Callable[[Dice, int], float]:
    """A pace at which all have their turn within so many seconds."""
    return lambda dice, people: people / dice.uniform(least, most)


def _follows(name: str, people: tuple[int, ...] = (3_000, 6_000), **facts: Any) -> Kind:
    facts = {"serves": (5, 40), "drift": 0.2, "pauses": 1, **facts}
    return Kind(name, _any_of(*people), lambda _dice, _people: START, follows=True, **facts)


KINDS = (
    Kind("a small room", _any_of(30, 60, 200), _within(120, 1500)),
    Kind("a large room", _any_of(2_000, 6_000), _within(300, 2400)),
    Kind(
        "staff change the pace", _any_of(300, 3_000), _within(600, 2400), changes=_any_of(0, 1, 2)
    ),
    _follows("a calm site", drift=0.1, pauses=0.3),
    _follows("a strained site", pauses=3),
    _follows("few come, and late", come=0.5, late=15),
    _follows("so many inside at most", serves=(20, 40), drift=0.1, pauses=0.5, most_inside=600),
    _follows("a great crowd", (10_000, 20_000), serves=(10, 60)),
    _follows("a quick site", (10_000, 20_000), serves=(60, 250), late=2),
)
