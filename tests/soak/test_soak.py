"""Under load and many restarts the site comes back to what it held before; `make soak` is long."""

import time

import pytest

from tests.soak.levels import FILES, Held, Level, leaks, level
from tests.soak.run import REST, Soak

PAUSE = 0.5
"""Seconds between a buyer's orders: little load, for it shares the machine with the other tests."""


@pytest.mark.parametrize(
    ("seconds", "every"),
    [
        pytest.param(5, 0.5, id="short", marks=pytest.mark.short),
        pytest.param(240, 12, id="whole", marks=pytest.mark.whole),
    ],
)
def test_after_a_restart_of_every_part_the_site_holds_what_it_held_before(build, seconds, every):
    told = Soak(build(), seconds, PAUSE, every=every).run()
    assert told["leaks"] == []
    assert told["booked"] > 7 * seconds
    assert set(told["restarts"]) == {"worker", "master (HUP)", "Redis", "PostgreSQL"}


@pytest.mark.whole
def test_a_site_that_leaks_is_caught_at_each_of_its_leaks(build):
    """The control: the same judge, at the same rest."""
    house = build(app="tests.soak.leaking_wsgi:app")
    with house.buyers() as buyers:
        pass
    time.sleep(REST)
    before = level(house)
    with house.buyers(pause=0.05) as buyers:
        buyers.wait_for_bookings(500, 60)
    time.sleep(REST)
    told = " ".join(leaks(before, level(house)))
    for what in ("memory of worker", "open files of worker", "to database", "to redis"):
        assert what in told, told


BEFORE = Level(Held(30.0, 9), {1: Held(90.0, 40), 2: Held(95.0, 42)}, 20, 10)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (BEFORE, []),
        (Level(Held(30.0, 20), BEFORE.workers, 20, 10), ["open files of the master: 9, then 20"]),
        (
            Level(BEFORE.master, {1: Held(91.0, 41), 3: Held(120.0, 30)}, 20, 10),
            ["memory of new worker 3: 95.0 MB, then 120.0"],
        ),
        (
            Level(BEFORE.master, {1: Held(90.0, 41 + FILES), 3: Held(80.0, 30)}, 20, 30),
            ["open files of worker 1: 40, then 53", "connections to redis: 10, then 30"],
        ),
        (Level(BEFORE.master, {3: Held(1.0, 1)}, 1, 1), ["no worker lived through"]),
    ],
)
def test_the_judge_of_levels_says_what_has_grown(after, said):
    told = list(leaks(BEFORE, after))
    assert len(told) == len(said)
    assert all(sentence.startswith(start) for sentence, start in zip(told, said, strict=True))
