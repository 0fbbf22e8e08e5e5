"""The pace of a waiting room: the rule alone, and in a model of a site and its crowd."""

import random

import pytest

from app.waiting_room.pacing import (
    CAME_WITHIN,
    CEILING,
    CUT,
    FILLED_WITHIN,
    FLOOR,
    GROWTH,
    START,
    Decision,
    Seen,
    Source,
    Strain,
    Why,
    is_worth_telling,
    next_pace,
)

MANY = Seen(came=10_000)
SLOW = Strain(desk=0.4)


def coming(per_second, **facts):
    return Seen(came=round(per_second * CAME_WITHIN), **facts)


def test_it_grows_while_nothing_is_strained_and_people_come():
    assert next_pace(100, MANY) == Decision(100 * GROWTH, Why.MEASURED)
    assert next_pace(999, MANY).per_second == CEILING


def test_it_is_at_most_a_quarter_more_than_those_who_came():
    assert next_pace(100, coming(80)) == Decision(100, Why.COMING)
    assert next_pace(100, coming(40)) == Decision(50, Why.COMING)


def test_it_begins_though_nobody_has_come():
    assert next_pace(0, coming(0)).per_second == FLOOR
    assert next_pace(START, coming(0)) == Decision(FLOOR, Why.COMING)


@pytest.mark.parametrize(
    ("strain", "source"),
    [
        (Strain(desk=0.3), Source.DESK),
        (Strain(pages=1.5), Source.PAGES),
        (Strain(lag=0.1), Source.LAG),
        (Strain(desk=0.3, pages=3.0, lag=0.1), Source.PAGES),
        (Strain(desk=0.2, pages=0.9, lag=0.05), None),
    ],
)
def test_what_is_over_its_bound_most_strains_the_site(strain, source):
    assert strain.source == source


def test_it_is_cut_by_a_quarter_while_the_site_is_strained():
    assert next_pace(100, coming(1_000, strain=SLOW)) == Decision(100 * CUT, Why.STRAINED)


def test_it_is_never_under_the_floor_however_strained_the_site_is():
    pace = 100.0
    for _ in range(60):
        pace = next_pace(pace, coming(0, strain=Strain(desk=9, pages=9, lag=9))).per_second
    assert pace == FLOOR


def test_those_who_never_come_do_not_slow_those_who_do():
    assert next_pace(100, coming(60, shown=0.6)).why == Why.MEASURED
    assert next_pace(100, coming(60)).why == Why.COMING


def test_that_few_have_come_is_not_taken_for_few_will_come():
    assert next_pace(100, coming(12, shown=0.1)).per_second == pytest.approx(50)


def test_no_more_are_let_in_than_the_organiser_wants_inside():
    assert next_pace(100, MANY, 2_000).why == Why.MEASURED
    held = next_pace(100, Seen(came=10_000, inside=150, paying=30), 200)
    assert held == Decision(20 / FILLED_WITHIN, Why.INSIDE)
    full = Seen(came=10_000, inside=150, paying=80)
    assert next_pace(100, full, 200) == Decision(0, Why.INSIDE)


def test_it_goes_on_once_somebody_has_left():
    assert next_pace(0, Seen(came=0, inside=190), 200).per_second == 10 / FILLED_WITHIN


@pytest.mark.parametrize(
    ("now", "wanted", "worth"),
    [(100, 105, False), (100, 95, False), (100, 112, True), (0, 0, False), (0.2, 0, True)],
)
def test_a_pace_is_changed_only_for_one_that_differs(now, wanted, worth):
    assert is_worth_telling(now, wanted) is worth


class Site:
    """A desk that serves so many a second, and a crowd whose people come late."""

    def __init__(self, serves, *, late, stays_away=0.0, seed=1):
        self.serves, self.late, self.stays_away = serves, late, stays_away
        self.chance = random.Random(seed)
        self.due, self.admitted = {}, []
        self.queue = self.longest = 0.0
        self.came, self.served, self.second = [], 0.0, 0

    def let_in(self, pace):
        """Play a second at this pace; return what it showed."""
        self.served += pace
        while len(self.admitted) < int(self.served):
            comes = self.chance.random() >= self.stays_away
            at = self.second + self.chance.randint(0, self.late) if comes else None
            self.admitted.append((self.second, at))
            if comes:
                self.due[at] = self.due.get(at, 0) + 1
        came = self.due.pop(self.second, 0)
        self.came = [*self.came, came][-CAME_WITHIN:]
        self.queue = max(self.queue + came - self.serves, 0.0)
        wait = self.queue / self.serves
        self.longest = max(self.longest, wait)
        self.second += 1
        return Seen(came=sum(self.came), shown=self.shown, strain=Strain(desk=wait))

    @property
    def shown(self):
        old = [at for begun, at in self.admitted if 30 <= self.second - begun <= 120]
        return sum(at is not None and at <= self.second for at in old) / len(old) if old else 1.0


def by_load_alone(pace, seen):
    return pace * CUT if seen.strain.source else pace * GROWTH


def by_rule(pace, seen):
    return next_pace(pace, seen).per_second


def play(site, rule, seconds):
    pace = START
    for _ in range(seconds):
        pace = rule(pace, site.let_in(pace))
    return site


def test_nobody_stands_long_at_a_desk_whose_crowd_comes_late():
    site = play(Site(200, late=30), by_rule, 600)
    assert site.longest < 1
    assert len(site.admitted) > 200 * 600 * 0.4


def test_a_pace_by_load_alone_runs_ahead_of_people_who_have_not_come():
    """The control: what the rule above is for."""
    assert play(Site(200, late=30), by_load_alone, 300).longest > 5


@pytest.mark.parametrize("stays_away", [0, 0.3, 0.6])
def test_it_finds_what_the_site_can_serve(stays_away):
    site = play(Site(50, late=4, stays_away=stays_away), by_rule, 300)
    came = sum(at is not None and at < 300 for _, at in site.admitted)
    assert came > 50 * 300 * 0.5
    assert site.longest < 1
